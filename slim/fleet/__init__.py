"""Many images as one ledger: plan, read each layer once, keep tables in a store, answer from them."""
