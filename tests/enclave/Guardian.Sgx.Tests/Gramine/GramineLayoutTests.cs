using Guardian.Sgx.Gramine;
using Guardian.Sgx.Measurement;

namespace Guardian.Sgx.Tests.Gramine;

/// <summary>Measurements against signatures that Gramine's own tool wrote (tests/vectors/gramine).</summary>
public class GramineLayoutTests
{
    private const ulong Mebibyte = 1 << 20;

    public static TheoryData<string, ulong, int, bool> Vectors => new()
    {
        { "small", 16 * Mebibyte, 2, false },
        { "full", 128 * Mebibyte, 8, false },
        { "dynamic", 1024 * 1024 * Mebibyte, 4, true },
    };

    [Theory]
    [MemberData(nameof(Vectors))]
    public void A_manifest_measures_as_Gramine_signs_it(string name, ulong size, int threads, bool isDynamic)
    {
        var settings = new GramineSettings(size, threads, isDynamic);
        Assert.Null(GramineLayout.TryMeasure(Load($"{name}.manifest.sgx"), Load("libpal.so"), settings, out var measured));
        Assert.Equal(Signed(name), measured);
    }

    [Theory]
    [MemberData(nameof(Vectors))]
    public void Every_part_changes_the_measurement(string name, ulong size, int threads, bool isDynamic)
    {
        var (manifest, layer) = (Load($"{name}.manifest.sgx"), Load("libpal.so"));
        var settings = new GramineSettings(size, threads, isDynamic);
        byte[] longer = [.. manifest, (byte)'\n'];
        manifest[^3] ^= 1;
        layer[0x1010] ^= 1;
        MrEnclave[] all =
        [
            Measure(manifest, Load("libpal.so"), settings),
            Measure(longer, Load("libpal.so"), settings),
            Measure(Load($"{name}.manifest.sgx"), layer, settings),
            Measure(Load($"{name}.manifest.sgx"), Load("libpal.so"), settings with { Size = size * 2 }),
            Measure(Load($"{name}.manifest.sgx"), Load("libpal.so"), settings with { MaxThreads = threads + 1 }),
            Measure(Load($"{name}.manifest.sgx"), Load("libpal.so"), settings with { Size = 32 * Mebibyte, HasDynamicMemory = !isDynamic }),
            Signed(name),
        ];
        Assert.Distinct(all);
    }

    [Theory]
    [InlineData(0UL, 4, false, "power of two")]
    [InlineData(3 * Mebibyte, 4, false, "power of two")]
    [InlineData(1UL << 40, 4, false, "power of two")]
    [InlineData(1UL << 48, 4, true, "power of two")]
    [InlineData(Mebibyte, 4, false, "too small")]
    [InlineData(1UL << 30, 4096, false, "too small")]
    [InlineData(16 * Mebibyte, 0, false, "threads")]
    [InlineData(16 * Mebibyte, -1, false, "threads")]
    [InlineData(16 * Mebibyte, 5000, false, "threads")]
    public void A_layout_that_no_enclave_has_is_refused(ulong size, int threads, bool isDynamic, string says)
    {
        var refusal = GramineLayout.TryMeasure(
            Load("small.manifest.sgx"), Load("libpal.so"), new GramineSettings(size, threads, isDynamic), out var measured);
        Assert.Contains(says, refusal!.Detail, StringComparison.Ordinal);
        Assert.Equal(default, measured);
    }

    [Fact]
    public void A_platform_layer_that_is_none_is_refused()
    {
        var settings = new GramineSettings(16 * Mebibyte, 2, false);
        var huge = Load("libpal.so");
        // The size in memory of the last segment: program headers have 56 bytes.
        BitConverter.TryWriteBytes(huge.AsSpan(64 + (3 * 56) + 40), 1UL << 35);
        foreach (var layer in new[] { [], Load("small.sig"), Load("libpal.so")[..100], huge })
        {
            Assert.Contains(
                "sgx/libpal.so", GramineLayout.TryMeasure(Load("small.manifest.sgx"), layer, settings, out _)!.Detail,
                StringComparison.Ordinal);
        }
    }

    private static MrEnclave Measure(byte[] manifest, byte[] layer, GramineSettings settings)
    {
        Assert.Null(GramineLayout.TryMeasure(manifest, layer, settings, out var measured));
        return measured;
    }

    private static MrEnclave Signed(string name)
    {
        Assert.True(SigStruct.TryRead(Load($"{name}.sig"), out var signed) && signed!.Verify());
        return signed!.EnclaveHash;
    }

    private static byte[] Load(string file) => File.ReadAllBytes(Repository.File("tests", "vectors", "gramine", file));
}
