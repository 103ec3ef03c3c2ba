"""Floor 2: CNIG GML, read and written as a stream; the rules that objects must keep."""
