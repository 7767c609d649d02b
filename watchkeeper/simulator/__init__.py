"""Traffic as a retail bank sees it: customers with habits, and labelled attacks among them."""
