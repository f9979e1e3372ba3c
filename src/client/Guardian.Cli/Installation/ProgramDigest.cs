using System.Security.Cryptography;
using Guardian.Cli.Inputs;
using Guardian.Refusals;

namespace Guardian.Cli.Installation;

/// <summary>The digest by which a session names a program.</summary>
internal static class ProgramDigest
{
    /// <summary>Reads the digest of a program in any of its forms.</summary>
    /// <param name="path">A file, an image layout, or a folder of <c>guardian program compile</c>.</param>
    /// <returns>64 lower-case hex digits.</returns>
    /// <exception cref="RefusedException">It is missing, or a folder of another kind.</exception>
    public static string Read(string path) =>
        ImageLayout.IsAt(path) ? ImageLayout.Read(path).Digest
        : Directory.Exists(path) ? CompiledFolder.ReadDigest(path)
        : Convert.ToHexStringLower(SHA256.HashData(InputFile.ReadBytes(path)));
}
