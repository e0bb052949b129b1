package queue;

import com.sun.net.httpserver.HttpServer;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ResourceBundle;

/** A queue of tickets; the first are read from a file. */
public class Queue {
  public static void main(String[] arguments) throws Exception {
    ArrayDeque<String> tickets = new ArrayDeque<>(Files.readAllLines(Path.of(arguments[0])));
    ResourceBundle texts = ResourceBundle.getBundle("queue.texts");
    HttpServer server = HttpServer.create(new InetSocketAddress(Integer.getInteger("queue.port", 8091)), 0);
    server.createContext("/", exchange -> {
      String ticket = tickets.peek();
      byte[] body = (ticket == null ? texts.getString("empty") : texts.getString("next") + " " + ticket)
          .getBytes(StandardCharsets.UTF_8);
      exchange.sendResponseHeaders(200, body.length);
      exchange.getResponseBody().write(body);
      exchange.close();
    });
    server.start();
  }
}
