package mail

// AtOnce is how many messages one process sends at a time.
const AtOnce = atOnce
