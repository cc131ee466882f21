package org.opensearch.transport.grpc.spi;

/** Named by the k-NN plugin for gRPC, which is not served; the type is not on Maven Central. */
public interface QueryBuilderProtoConverterRegistry {}
