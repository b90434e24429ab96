"""What a service tells others and learns from them: outbox, feed, broker, consumer, catch-up."""
