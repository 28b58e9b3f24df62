//! Takes an outer token's claims, gives the text of the actor token inside.
