"""Files of transactions, brought in through the API like any other traffic."""
