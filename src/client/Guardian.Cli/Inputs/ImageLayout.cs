using Guardian.Refusals;
using Guardian.Runtime.Images;

namespace Guardian.Cli.Inputs;

/// <summary>Reads OCI image layouts.</summary>
internal static class ImageLayout
{
    /// <summary>Whether a path is the folder of a layout.</summary>
    public static bool IsAt(string path) => File.Exists(Path.Combine(path, "oci-layout"));

    /// <summary>Reads an image and checks it against its digests.</summary>
    /// <exception cref="RefusedException">The layout is missing or malformed, or differs from its digests.</exception>
    public static OciImage Read(string layout)
    {
        var image = OciImage.Read(InputFile.Require(layout));
        return image.Value ?? throw new RefusedException(image.Refusal!);
    }
}
