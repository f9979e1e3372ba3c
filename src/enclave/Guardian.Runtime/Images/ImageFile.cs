namespace Guardian.Runtime.Images;

/// <summary>A file of an image.</summary>
/// <param name="Path">Absolute, normal.</param>
/// <param name="Content">All of it.</param>
public sealed record ImageFile(string Path, byte[] Content);
