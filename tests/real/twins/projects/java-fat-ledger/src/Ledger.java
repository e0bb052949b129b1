import com.sun.net.httpserver.HttpServer;
import java.net.InetSocketAddress;
import java.nio.file.*;
import java.util.Properties;

public class Ledger {
    public static void main(String[] arguments) throws Exception {
        Properties accounts = new Properties();
        accounts.load(Files.newBufferedReader(Path.of("accounts.properties")));
        String rate = new String(Ledger.class.getResourceAsStream("/rates.txt").readAllBytes());
        HttpServer server = HttpServer.create(new InetSocketAddress(8350), 0);
        server.createContext("/", exchange -> {
            String path = exchange.getRequestURI().getPath();
            String name = path.substring(path.lastIndexOf('/') + 1);
            byte[] text = (path.equals("/rate") ? rate : name + " " + accounts.getProperty(name)).getBytes();
            exchange.sendResponseHeaders(200, text.length);
            exchange.getResponseBody().write(text);
            exchange.close();
        });
        server.start();
    }
}
