import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.MongoVersion;
import de.bwaldvogel.mongo.backend.memory.MemoryBackend;
import java.util.List;

/** A server that speaks MongoDB's wire protocol and keeps everything in memory: MongoWire PORT. */
public final class MongoWire {
  /** The least that current drivers talk to; the library itself says 3.6. */
  private record Reported() implements MongoVersion {
    @Override
    public List<Integer> getVersionArray() {
      return List.of(5, 0, 0);
    }

    @Override
    public int getWireVersion() {
      return 9;
    }
  }

  public static void main(String[] arguments) throws InterruptedException {
    MemoryBackend backend = new MemoryBackend();
    backend.version(new Reported());
    MongoServer server = new MongoServer(backend);
    // Change streams read it.
    server.enableOplog();
    server.bind("127.0.0.1", Integer.parseInt(arguments[0]));
    Runtime.getRuntime().addShutdownHook(new Thread(server::shutdownNow));
    Thread.currentThread().join();
  }
}
