package shop;

/** What the shop sells. */
public record Item(String name, int price) {}
