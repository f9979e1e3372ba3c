namespace Guardian.Runtime.Images;

/// <summary>A file of an image.</summary>
/// <param name="Path">The absolute path, without ".", ".." or empty parts.</param>
/// <param name="Content">The whole content.</param>
public sealed record ImageFile(string Path, byte[] Content);
