using System.Globalization;
using System.Text;
using Guardian.Refusals;
using Guardian.Sgx.Gramine;
using Tomlyn;
using Tomlyn.Serialization;

namespace Guardian.Cli.Inputs;

/// <summary>Reads the layout of an enclave from its manifest of Gramine.</summary>
internal static class GramineManifest
{
    // Gramine's own defaults.
    private const string DefaultSize = "256M";
    private const string DefaultDynamicSize = "1024G";
    private const int DefaultThreads = 4;

    /// <summary>Reads a manifest.</summary>
    /// <returns>The settings, or what is wrong. Never throws for any content.</returns>
    public static (GramineSettings? Settings, string? Problem) Read(ReadOnlySpan<byte> utf8)
    {
        ManifestDocument? document;
        try
        {
            document = TomlSerializer.Deserialize(
                new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(utf8), ManifestToml.Default.ManifestDocument);
        }
        catch (Exception failure) when (failure is TomlException or ArgumentException or FormatException or OverflowException
            or InvalidOperationException)
        {
            return (null, $"it is no manifest of Gramine: {failure.Message.Split('\n')[0].TrimEnd()}");
        }
        if (document?.Sgx is not { } sgx)
        {
            return (null, "it is no manifest of Gramine: it has no 'sgx'");
        }
        var text = sgx.EnclaveSize ?? (sgx.EdmmEnable ? DefaultDynamicSize : DefaultSize);
        return ParseSize(text) is { } size
            ? (new GramineSettings(size, sgx.MaxThreads ?? DefaultThreads, sgx.EdmmEnable), null)
            : (null, $"sgx.enclave_size is a number of bytes, with K, M or G, not '{text}'");
    }

    // 256M, 0x10000000, 4G: as Gramine's tool for signatures reads it.
    private static ulong? ParseSize(string text)
    {
        var scale = text is [.., 'K'] ? 10 : text is [.., 'M'] ? 20 : text is [.., 'G'] ? 30 : 0;
        var digits = text.AsSpan(0, text.Length - (scale > 0 ? 1 : 0));
        var isHex = digits.StartsWith("0x", StringComparison.OrdinalIgnoreCase);
        var style = isHex ? NumberStyles.AllowHexSpecifier : NumberStyles.None;
        return ulong.TryParse(digits[(isHex ? 2 : 0)..], style, CultureInfo.InvariantCulture, out var number)
            && number <= ulong.MaxValue >> scale
            ? number << scale
            : null;
    }
}

/// <summary>The members that are read; all others are skipped.</summary>
internal sealed class ManifestDocument
{
    [TomlPropertyName("sgx")]
    public ManifestSgx? Sgx { get; set; }
}

/// <summary>The table <c>sgx</c>.</summary>
internal sealed class ManifestSgx
{
    [TomlPropertyName("enclave_size")]
    public string? EnclaveSize { get; set; }

    [TomlPropertyName("max_threads")]
    public int? MaxThreads { get; set; }

    [TomlPropertyName("edmm_enable")]
    public bool EdmmEnable { get; set; }
}

/// <summary>Source-generated reading of the members.</summary>
[TomlSourceGenerationOptions(MaxDepth = 32)]
[TomlSerializable(typeof(ManifestDocument))]
internal sealed partial class ManifestToml : TomlSerializerContext;
