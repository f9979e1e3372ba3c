using System.Buffers.Binary;
using System.Numerics;
using System.Security.Cryptography;
using System.Text;

namespace Guardian.Sgx.Measurement;

/// <summary>One page of an image.</summary>
/// <param name="Offset">Bytes from the enclave's base, a multiple of 4096.</param>
/// <param name="Flags">Permissions and page type.</param>
/// <param name="Content">At most 4096 bytes; the rest is zero.</param>
public readonly record struct ImagePage(ulong Offset, PageFlags Flags, ReadOnlyMemory<byte> Content);

/// <summary>The content of an enclave: its size and its pages, in the order of loading. Every page is measured. Immutable.</summary>
public sealed class EnclaveImage
{
    private const uint SsaFrameSize = 1;
    private const PageFlags Code = PageFlags.Regular | PageFlags.Read | PageFlags.Execute;

    // Debug symbols and documentation are no code and differ between builds; a SIGSTRUCT signs the other files.
    private static readonly string[] NotMeasured = [".pdb", ".dbg", ".xml", ".sigstruct"];

    /// <summary>
    /// The subfolder of files that a program loads only when it needs them. Their digests are measured in place of their bytes, as Gramine
    /// measures all files, so they take no page before they are loaded.
    /// </summary>
    public const string OnDemandFolder = "on-demand";

    private readonly List<ImagePage> pages = [];
    private readonly Lazy<MrEnclave> measurement;

    private EnclaveImage() => measurement = new Lazy<MrEnclave>(MeasurePages);

    /// <summary>Size of the address range in bytes: a power of two.</summary>
    public ulong Size => BitOperations.RoundUpToPowerOf2((ulong)Math.Max(pages.Count, 2) * EnclaveMeasurement.PageSize);

    /// <summary>The pages in order.</summary>
    public IReadOnlyList<ImagePage> Pages => pages;

    /// <summary>
    /// Makes an image of a program's files: for each file below the folder, in ordinal order of its relative path, a page with path and
    /// size, then its bytes, or the SHA-256 of these in <see cref="OnDemandFolder"/>; last a TCS. Debug symbols, documentation and
    /// SIGSTRUCTs are left out.
    /// </summary>
    /// <param name="directory">The folder.</param>
    /// <returns>The image.</returns>
    /// <exception cref="DirectoryNotFoundException">The folder does not exist.</exception>
    /// <exception cref="ArgumentException">A relative path has more than 4088 bytes.</exception>
    public static EnclaveImage FromFiles(string directory)
    {
        var files = Directory.EnumerateFiles(directory, "*", SearchOption.AllDirectories)
            .Where(IsMeasured)
            .Select(path => (Name: Path.GetRelativePath(directory, path).Replace('\\', '/'), Path: path))
            .OrderBy(file => file.Name, StringComparer.Ordinal);
        var image = new EnclaveImage();
        foreach (var (name, path) in files)
        {
            image.AppendFile(name, File.ReadAllBytes(path));
        }
        return image.Complete();
    }

    /// <summary>Whether a file of a program's folder is part of the measurement.</summary>
    /// <param name="path">The file's path or name.</param>
    /// <returns>False for debug symbols, documentation and SIGSTRUCTs.</returns>
    public static bool IsMeasured(string path) => !NotMeasured.Contains(Path.GetExtension(path), StringComparer.Ordinal);

    /// <summary>Makes an image of bytes in memory.</summary>
    /// <param name="code">The bytes.</param>
    /// <returns>The image.</returns>
    public static EnclaveImage FromBytes(ReadOnlyMemory<byte> code)
    {
        var image = new EnclaveImage();
        image.Append(Code, code);
        return image.Complete();
    }

    /// <summary>Computes MRENCLAVE of this image, once: it hashes every byte. Needs no platform.</summary>
    /// <returns>The measurement.</returns>
    public MrEnclave Measure() => measurement.Value;

    private MrEnclave MeasurePages()
    {
        using var measurement = new EnclaveMeasurement(Size, SsaFrameSize);
        foreach (var page in pages)
        {
            measurement.AddMeasured(page.Offset, page.Flags, page.Content.Span);
        }
        return measurement.Finish();
    }

    private void AppendFile(string name, byte[] content)
    {
        var path = Encoding.UTF8.GetBytes(name);
        if (path.Length > EnclaveMeasurement.PageSize - sizeof(ulong))
        {
            throw new ArgumentException($"the path of '{name[..40]}…' is too long for its page", nameof(name));
        }
        var header = new byte[sizeof(ulong) + path.Length];
        BinaryPrimitives.WriteUInt64LittleEndian(header, (ulong)content.Length);
        path.CopyTo(header, sizeof(ulong));
        Append(PageFlags.Regular | PageFlags.Read, header);
        if (name.StartsWith($"{OnDemandFolder}/", StringComparison.Ordinal))
        {
            Append(PageFlags.Regular | PageFlags.Read, SHA256.HashData(content));
            return;
        }
        Append(Code, content);
    }

    private void Append(PageFlags flags, ReadOnlyMemory<byte> content)
    {
        for (var start = 0; start < content.Length; start += EnclaveMeasurement.PageSize)
        {
            Append(flags, content, start);
        }
    }

    private void Append(PageFlags flags, ReadOnlyMemory<byte> content, int start)
    {
        var size = Math.Min(EnclaveMeasurement.PageSize, content.Length - start);
        pages.Add(new ImagePage((ulong)pages.Count * EnclaveMeasurement.PageSize, flags, content.Slice(start, size)));
    }

    private EnclaveImage Complete()
    {
        // A thread enters an enclave through a thread control structure; ours needs no fields.
        Append(PageFlags.Tcs, new byte[EnclaveMeasurement.PageSize], 0);
        return this;
    }
}
