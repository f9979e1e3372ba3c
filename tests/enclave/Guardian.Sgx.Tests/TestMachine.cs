using Guardian.Sgx.Measurement;
using Guardian.Simulation.Processor;

namespace Guardian.Sgx.Tests;

/// <summary>A simulated machine with enclaves for tests.</summary>
internal sealed class TestMachine : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public TestMachine(long epcSize = 1024 * 1024) => Platform = SimulatedPlatform.Open(folder.Path, epcSize);

    /// <summary>An RSA key takes long to make, so all tests share two.</summary>
    public static EnclaveSigner Signer { get; } = EnclaveSigner.Create();

    public static EnclaveSigner OtherSigner { get; } = EnclaveSigner.Create();

    public SimulatedPlatform Platform { get; }

    public string Folder => folder.Path;

    public SimulatedEnclave Launch(
        byte code = 1, ushort isvProdId = 1, ushort isvSvn = 3, AttributeFlags flags = AttributeFlags.Mode64Bit,
        EnclaveSigner? signer = null)
    {
        var image = EnclaveImage.FromBytes(new[] { code });
        var attributes = new EnclaveAttributes(flags, 3);
        return Platform.Launch(
            image, (signer ?? Signer).Sign(image.Measure(), isvProdId, isvSvn, attributes, new DateOnly(2026, 1, 2)));
    }

    public void Dispose()
    {
        Platform.Dispose();
        folder.Dispose();
    }
}
