import de.bwaldvogel.mongo.MongoBackend;
import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.MongoVersion;
import de.bwaldvogel.mongo.backend.DefaultQueryMatcher;
import de.bwaldvogel.mongo.backend.h2.H2Backend;
import de.bwaldvogel.mongo.backend.memory.MemoryBackend;
import de.bwaldvogel.mongo.bson.Document;
import de.bwaldvogel.mongo.bson.ObjectId;
import io.netty.channel.Channel;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * mongo-java-server for tests: with a wire version that current drivers accept, atomic writes, `hello`, sessions (without
 * transactions) and a listCollections filter that works. It says that it is 7.0.0, and it is not MongoDB. With a file it keeps what is
 * written until the next start, if it is ended by a signal that it can hear; otherwise everything is in memory.
 * Usage: java -cp CLASSPATH MongoStandIn PORT [FILE]
 */
public final class MongoStandIn {
  /** As MongoDB has one: without it, drivers do not look for a server anew that has gone. */
  private static final ObjectId PROCESS = new ObjectId();

  private static final Set<String> WRITES = Set.of("findandmodify", "update", "insert", "delete");

  private interface Handler {
    Document handle(Channel channel, String database, String command, Document query);
  }

  private static final class InMemory extends MemoryBackend {
    private final Handler commands = mended(super::handleCommand);

    @Override
    public Document handleCommand(Channel channel, String database, String command, Document query) {
      return commands.handle(channel, database, command, query);
    }
  }

  private static final class InFile extends H2Backend {
    private final Handler commands = mended(super::handleCommand);

    private InFile(String file) {
      super(file);
    }

    @Override
    public Document handleCommand(Channel channel, String database, String command, Document query) {
      return commands.handle(channel, database, command, query);
    }
  }

  private static Handler mended(Handler original) {
    Object writeLock = new Object();
    return (channel, database, command, query) -> {
      String name = command.toLowerCase(Locale.ROOT);
      if (!WRITES.contains(name)) return answer(original, channel, database, command, query);
      // findAndModify reads and writes in two steps, and its reply is the live document: so one writer at a time, and a copy.
      synchronized (writeLock) {
        return answer(original, channel, database, command, query).cloneDeeply();
      }
    };
  }

  private static Document answer(Handler original, Channel channel, String database, String command, Document query) {
    boolean isHello = command.equals("hello");
    Document reply = original.handle(channel, database, isHello ? "isMaster" : command, query);
    if (isHello || command.equalsIgnoreCase("isMaster")) {
      reply.put("logicalSessionTimeoutMinutes", 30);
      reply.put("isWritablePrimary", true);
      reply.put("topologyVersion", new Document("processId", PROCESS).append("counter", 0L));
    }
    if (command.equals("listCollections") && query.get("filter") instanceof Document filter && !filter.isEmpty()) {
      keepMatching((Document) reply.get("cursor"), filter);
    }
    return reply;
  }

  private static void keepMatching(Document cursor, Document filter) {
    DefaultQueryMatcher matcher = new DefaultQueryMatcher();
    List<Document> kept = new ArrayList<>();
    for (Object item : (Collection<?>) cursor.get("firstBatch")) {
      if (matcher.matches((Document) item, filter)) kept.add((Document) item);
    }
    cursor.put("firstBatch", kept);
  }

  private static final class Version implements MongoVersion {
    @Override
    public List<Integer> getVersionArray() {
      return List.of(7, 0, 0);
    }

    @Override
    public int getWireVersion() {
      return 21;
    }
  }

  public static void main(String[] arguments) {
    MongoBackend backend = arguments.length > 1 ? new InFile(arguments[1]) : new InMemory();
    MongoServer server = new MongoServer(backend.version(new Version()));
    server.bind("127.0.0.1", Integer.parseInt(arguments[0]));
    Runtime.getRuntime().addShutdownHook(new Thread(server::shutdownNow));
  }
}
