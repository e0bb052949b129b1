import assert from "node:assert";
import test from "node:test";

test("a price is a number", () => assert.equal(Number("7"), 7));
