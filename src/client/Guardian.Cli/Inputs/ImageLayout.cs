using Guardian.Cli.Inputs;
using Guardian.Refusals;
using Guardian.Runtime.Images;

namespace Guardian.Cli.Commands.Programs;

/// <summary>Reads OCI image layouts.</summary>
internal static class ImageLayout
{
    /// <summary>Reads an image and checks it against its digests.</summary>
    /// <exception cref="RefusedException">The layout is missing or malformed, or differs from its digests.</exception>
    public static OciImage Read(string layout)
    {
        var image = OciImage.Read(InputFile.Require(layout));
        return image.Value ?? throw new RefusedException(image.Refusal!);
    }
}
