"""Wire shapes: msgspec Structs for every layer and every client. It imports only msgspec and the standard library."""
