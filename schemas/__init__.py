"""Wire shapes: msgspec Structs that every layer and every client shares. Imports msgspec and the standard library only."""
