// The note keeper in Java (note.c says what it does).
import java.io.FileInputStream;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.KeyStore;
import java.util.concurrent.Executors;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;

public class Note {
    public static void main(String[] arguments) throws Exception {
        var secret = Files.readString(Path.of("/run/app/token"));
        if (secret.isEmpty() || !secret.equals(System.getenv("TOKEN"))) {
            System.exit(4);
        }
        var log = Path.of("/data/log");
        var lines = Files.exists(log) ? Files.readAllLines(log).size() : 0;
        var threads = Executors.newFixedThreadPool(2);
        threads.submit(() -> Files.writeString(log, "PLAINTEXT of java " + lines + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND,
            StandardOpenOption.SYNC)).get();
        threads.shutdown();
        System.out.println("lines " + lines);
        if (arguments.length > 0 && arguments[0].equals("serve")) {
            var keys = KeyStore.getInstance("PKCS12");
            keys.load(new FileInputStream("/run/app/tls.p12"), "changeit".toCharArray());
            var managers = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
            managers.init(keys, "changeit".toCharArray());
            var context = SSLContext.getInstance("TLS");
            context.init(managers.getKeyManagers(), null, null);
            var port = Integer.parseInt(System.getenv("PORT"));
            try (var listener = context.getServerSocketFactory().createServerSocket(port, 8, InetAddress.getLoopbackAddress())) {
                System.out.println("listening");
                try (var connection = listener.accept()) {
                    connection.getOutputStream().write("hello from java\n".getBytes(StandardCharsets.US_ASCII));
                }
            }
        }
    }
}
