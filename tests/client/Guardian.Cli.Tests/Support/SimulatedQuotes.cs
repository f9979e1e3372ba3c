using Guardian.Attestation.Launch;
using Guardian.Simulation;

namespace Guardian.Cli.Tests.Support;

/// <summary>Quotes of an enclave on a simulated machine.</summary>
internal sealed class SimulatedQuotes : IDisposable
{
    private readonly EnclaveProcess process;

    /// <param name="folder">Keeps the machine.</param>
    public SimulatedQuotes(string folder)
    {
        var code = Directory.CreateDirectory(Path.Combine(folder, "code")).FullName;
        File.WriteAllText(Path.Combine(code, "program"), "a program");
        process = SimulatedPlatforms.Launch(code, Path.Combine(folder, "platform"), EnclaveProduct.Cas, epcSize: null);
    }

    public string MrEnclave => process.Enclave.Identity.MrEnclave.ToString();

    public byte[] Create(byte[] reportData) => process.Quotes.CreateQuote(reportData);

    public void Dispose() => process.Dispose();
}
