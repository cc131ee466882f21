package org.opensearch.transport.grpc.spi;

/** The k-NN plugin makes an object of this type for gRPC, which is not served; the type is not on Maven Central. */
public interface QueryBuilderProtoConverter {}
