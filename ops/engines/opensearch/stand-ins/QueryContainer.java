package org.opensearch.protobufs;

/** Named by the k-NN plugin for gRPC, which is not served; the type is not on Maven Central. */
public final class QueryContainer {
  public enum QueryContainerCase {}
}
