using System.Buffers;
using System.Globalization;
using System.Text;
using Guardian.Files.Durable;

namespace Guardian.Volumes.Contract;

/// <summary>Keeps a tag in a text file: the counter, a space and the digest. The file must be on a medium that the keeper of the volume
/// cannot write to.</summary>
/// <param name="path">The file. It is created with the first tag, with mode 0600.</param>
public sealed class FileFreshness(string path) : IFreshness
{
    private const int MaxFileSize = 1024;
    private static readonly SearchValues<byte> Digits = SearchValues.Create("0123456789abcdef"u8);

    /// <inheritdoc/>
    /// <exception cref="IOException">The file cannot be read, or it does not hold exactly one tag.</exception>
    public FreshnessTag? Read()
    {
        try
        {
            if (!File.Exists(path))
            {
                return null;
            }
            var content = new FileInfo(path).Length <= MaxFileSize ? File.ReadAllBytes(path) : [];
            return TryRead(content) ?? throw new IOException($"{path} holds no freshness tag: a number and 48 hexadecimal digits");
        }
        catch (UnauthorizedAccessException failure)
        {
            throw new IOException(failure.Message, failure);
        }
    }

    /// <inheritdoc/>
    /// <exception cref="IOException">The file cannot be read or written, or it does not hold exactly one tag.</exception>
    public bool TryReplace(FreshnessTag? expected, FreshnessTag next)
    {
        if (Read() != expected)
        {
            return false;
        }
        try
        {
            DurableFile.Replace(path, Encoding.ASCII.GetBytes($"{next.Counter.ToString(CultureInfo.InvariantCulture)} {next.Digest}\n"));
            return true;
        }
        catch (UnauthorizedAccessException failure)
        {
            throw new IOException(failure.Message, failure);
        }
    }

    internal static FreshnessTag? TryRead(ReadOnlySpan<byte> content)
    {
        var text = content.TrimEnd("\r\n "u8);
        var space = text.IndexOf((byte)' ');
        if (space <= 0
            || !ulong.TryParse(text[..space], NumberStyles.None, CultureInfo.InvariantCulture, out var counter)
            || text[(space + 1)..] is not { Length: 2 * FreshnessTag.DigestSize } digest
            || digest.ContainsAnyExcept(Digits))
        {
            return null;
        }
        return new FreshnessTag(counter, Encoding.ASCII.GetString(digest));
    }
}
