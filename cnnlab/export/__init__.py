"""Taking a model away: in each format compared before it is offered, with its card and a small server; and a whole run as a bundle."""
