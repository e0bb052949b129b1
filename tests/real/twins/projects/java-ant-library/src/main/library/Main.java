package library;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.FileInputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Properties;
import java.util.logging.Logger;

/** Looks up books that a JSON file lists. */
public final class Main {
  private static final Logger LOG = Logger.getLogger("library");

  public static void main(String[] arguments) throws IOException {
    Properties settings = new Properties();
    try (FileInputStream in = new FileInputStream(System.getProperty("library.conf", "conf/library.properties"))) {
      settings.load(in);
    }
    JsonNode books = new ObjectMapper().readTree(Path.of(settings.getProperty("books")).toFile());
    HttpServer server = HttpServer.create(new InetSocketAddress(Integer.parseInt(settings.getProperty("port"))), 0);
    server.createContext("/book/", exchange -> {
      JsonNode book = books.get(exchange.getRequestURI().getPath().substring(6));
      send(exchange, book == null ? 404 : 200, book == null ? "none" : book.toString());
    });
    server.createContext("/", exchange ->
        send(exchange, 200, Files.readString(Path.of(settings.getProperty("web"), "index.html"))));
    server.start();
    LOG.info("library is open");
  }

  private static void send(HttpExchange exchange, int status, String text) throws IOException {
    byte[] body = text.getBytes(StandardCharsets.UTF_8);
    exchange.sendResponseHeaders(status, body.length);
    exchange.getResponseBody().write(body);
    exchange.close();
  }

  private Main() {}
}
