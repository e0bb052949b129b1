// Package items holds what the shop sells.
package items

// Item is one thing for sale.
type Item struct {
	Name  string `json:"name"`
	Price int    `json:"price"`
}

// All returns everything, in a fixed order.
func All() []Item {
	return []Item{{"shop 0.3.0", 0}, {"pear", 3}}
}
