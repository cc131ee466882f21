import { keptConnectionMs } from '@movieverse/kit/drain'

export interface NginxConfig {
  /** Absolute; certificate, pid and temporary files are there. */
  readonly folder: string
  /** `address:port` of each gateway. */
  readonly gateways: readonly string[]
  readonly host: string
  readonly httpPort: number
  readonly httpsPort: number
  /** Where HTTP sends to. */
  readonly publicHttpsPort: number
  /** Requests a second of one address. */
  readonly rate: number
  /** Connections of one address. */
  readonly connections: number
  /** The account of the workers; undefined when nginx runs without rights to change it. */
  readonly user: string | undefined
}

/** As large as the gateway takes. */
const maxBody = '256k'

/**
 * nginx.conf for the distributed topology (tried with nginx 1.22, without modules of others).
 * - A gateway that cannot be reached is left out for 2 s and the request goes to the next. A request that changes
 *   something (POST) goes to another only when nothing of it was sent: that is what `proxy_next_upstream` without
 *   `non_idempotent` does.
 * - Answers are passed on as they come, so that subscriptions by SSE and `@defer` arrive in time; WebSockets are upgraded.
 * - The request id is the client's if it is fit for logs, else nginx's own; it is answered by the gateway.
 */
export function nginxConfig(config: NginxConfig): string {
  const { folder, host } = config
  const at = (port: number) => `${host}:${port}`
  return `daemon off;
worker_processes auto;
pid ${folder}/nginx.pid;
error_log stderr warn;
${config.user ? `user ${config.user};\n` : ''}
events { worker_connections 4096; }

http {
  access_log off;
  server_tokens off;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;

  # Slow clients hold nothing of a gateway.
  client_header_timeout 10s;
  client_body_timeout 15s;
  send_timeout 30s;
  keepalive_timeout 65s;
  client_max_body_size ${maxBody};
  # Refused bodies and requests are read no further.
  reset_timedout_connection on;

  limit_req_zone $binary_remote_addr zone=requests:10m rate=${config.rate}r/s;
  limit_conn_zone $binary_remote_addr zone=connections:10m;
  limit_req_status 429;
  limit_conn_status 429;

  map $http_upgrade $connection_header {
    default upgrade;
    ''      '';
  }
  map $http_x_request_id $passed_request_id {
    default                  $request_id;
    '~^[\\w.:-]{8,128}$'      $http_x_request_id;
  }

  upstream gateways {
${config.gateways.map((gateway) => `    server ${gateway} max_fails=1 fail_timeout=2s;`).join('\n')}
    keepalive 64;
    keepalive_timeout ${keptConnectionMs / 1000}s;
  }

  server {
    listen ${at(config.httpPort)};
    location = /nginx/healthz {
      default_type text/plain;
      return 200 'alive';
    }
    location / {
      return 308 https://$host:${config.publicHttpsPort}$request_uri;
    }
  }

  server {
    listen ${at(config.httpsPort)} ssl http2;
    ssl_certificate ${folder}/certificate.pem;
    ssl_certificate_key ${folder}/key.pem;
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_prefer_server_ciphers off;
    ssl_session_cache shared:tls:10m;
    ssl_session_timeout 1d;
    ssl_session_tickets off;

    ${securityHeader}

    limit_req zone=requests burst=${2 * config.rate} nodelay;
    limit_conn connections ${config.connections};

    error_page 413 @too_large;
    error_page 429 @too_many;
    error_page 502 503 504 =503 @unavailable;

    # What operators ask a process itself is not for clients.
    location = /metrics { return 404; }
    location = /nginx/healthz { return 404; }

    location / {
      proxy_pass http://gateways;
      proxy_http_version 1.1;
      proxy_set_header Host $http_host;
      proxy_set_header Connection $connection_header;
      proxy_set_header Upgrade $http_upgrade;
      # Only nginx says where a request comes from.
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_set_header X-Forwarded-Proto https;
      proxy_set_header Forwarded '';
      proxy_set_header X-Request-Id $passed_request_id;
      proxy_next_upstream error timeout;
      proxy_next_upstream_tries ${Math.max(2, config.gateways.length)};
      proxy_connect_timeout 2s;
      # Longer than the gateway's own deadline; a subscription that says nothing for an hour is ended.
      proxy_read_timeout 3600s;
      proxy_send_timeout 30s;
      proxy_buffering off;
    }

    location @too_large { ${refusal(413, 'PAYLOAD_TOO_LARGE', 'The request is too large.')} }
    location @too_many { ${refusal(429, 'RATE_LIMITED', 'Too many requests; try again later.')} }
    location @unavailable { ${refusal(503, 'SERVICE_UNAVAILABLE', 'The service is not available at the moment.')} }
  }
}
`
}

const securityHeader = "add_header Strict-Transport-Security 'max-age=31536000' always;"

/** An error in the form of the gateway's own, which brings the same headers with each of its answers. */
function refusal(status: number, code: string, message: string): string {
  const body = JSON.stringify({ errors: [{ message, extensions: { code } }] })
  const headers = `${securityHeader} add_header X-Content-Type-Options nosniff always; add_header Cache-Control no-store always; add_header Content-Security-Policy "default-src 'none'; frame-ancestors 'none'" always;`
  return `internal; default_type application/json; ${headers} return ${status} '${body}';`
}
