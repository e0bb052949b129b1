package library;

/** Run by hand: java -ea library.MainCheck. */
final class MainCheck {
  public static void main(String[] arguments) {
    assert Main.class != null;
  }
}
