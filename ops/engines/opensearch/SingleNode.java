import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.opensearch.Version;
import org.opensearch.common.settings.Settings;
import org.opensearch.env.Environment;
import org.opensearch.node.InternalSettingsPreparer;
import org.opensearch.node.Node;
import org.opensearch.plugins.PluginInfo;

/**
 * OpenSearch of Maven's jars: a node whose modules lie on its own class path instead of in folders of a distribution.
 * SingleNode HOME HTTP-PORT TRANSPORT-PORT.
 */
public final class SingleNode extends Node {
  private record Module(String name, String type, List<String> extended) {
    Module(String name, String type) {
      this(name, type, List.of());
    }
  }

  private static final List<Module> MODULES =
      List.of(
          new Module("analysis-common", "org.opensearch.analysis.common.CommonAnalysisModulePlugin"),
          new Module("lang-painless", "org.opensearch.painless.PainlessModulePlugin"),
          new Module("lang-expression", "org.opensearch.script.expression.ExpressionModulePlugin"),
          new Module("lang-mustache", "org.opensearch.script.mustache.MustacheModulePlugin"),
          new Module("mapper-extras", "org.opensearch.index.mapper.MapperExtrasModulePlugin"),
          new Module("parent-join", "org.opensearch.join.ParentJoinModulePlugin"),
          new Module("percolator", "org.opensearch.percolator.PercolatorModulePlugin"),
          new Module("rank-eval", "org.opensearch.index.rankeval.RankEvalModulePlugin"),
          new Module("reindex", "org.opensearch.index.reindex.ReindexModulePlugin"),
          new Module("aggs-matrix-stats", "org.opensearch.search.aggregations.matrix.MatrixAggregationModulePlugin"),
          new Module("geo", "org.opensearch.geo.GeoModulePlugin"),
          // One module that extends Painless stands for all: on one class path its loader sees every extension.
          new Module("ingest-common", "org.opensearch.ingest.common.IngestCommonModulePlugin", List.of("lang-painless")),
          new Module("transport-netty4", "org.opensearch.transport.Netty4ModulePlugin"),
          new Module("opensearch-knn", "org.opensearch.knn.plugin.KNNPlugin"));

  private SingleNode(Environment environment, List<PluginInfo> plugins) {
    super(environment, plugins, true);
  }

  public static void main(String[] arguments) throws Exception {
    Path home = Path.of(arguments[0]);
    Path configuration = Files.createDirectories(home.resolve("config"));
    Settings settings =
        Settings.builder()
            .put("path.home", home.toString())
            .put("path.data", home.resolve("data").toString())
            .put("path.logs", home.resolve("logs").toString())
            .put("cluster.name", "movieverse")
            .put("node.name", "node-1")
            .put("discovery.type", "single-node")
            .put("network.host", "127.0.0.1")
            .put("http.port", arguments[1])
            .put("transport.port", arguments[2])
            // Indices are made on purpose, and a disk that others fill does not stop writes.
            .put("action.auto_create_index", false)
            .put("cluster.routing.allocation.disk.threshold_enabled", false)
            .put("node.store.allow_mmap", false)
            .build();
    List<PluginInfo> plugins = new ArrayList<>();
    for (Module module : MODULES) {
      plugins.add(
          new PluginInfo(
              module.name(), module.name(), "NA", Version.CURRENT, "21", module.type(), null, module.extended(), false));
    }
    Environment environment =
        InternalSettingsPreparer.prepareEnvironment(settings, Map.of(), configuration, () -> "node-1");
    SingleNode node = new SingleNode(environment, plugins);
    CountDownLatch closed = new CountDownLatch(1);
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(
                () -> {
                  try {
                    node.close();
                  } catch (java.io.IOException fault) {
                    fault.printStackTrace();
                  } finally {
                    closed.countDown();
                  }
                }));
    node.start();
    closed.await();
  }
}
