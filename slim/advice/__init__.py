"""What could go: rules (data), facts (code), and the findings they lead to."""
