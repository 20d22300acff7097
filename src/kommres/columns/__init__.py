"""Tables in, tables out: the only place that knows the names of columns and Arrow."""
