//! Reads captures and puts TCP streams back in order.
