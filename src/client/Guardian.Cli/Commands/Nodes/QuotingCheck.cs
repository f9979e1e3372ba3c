using System.Security.Cryptography;
using Guardian.Attestation.Launch;
using Guardian.Cli.Installation;
using Guardian.ComputeHost.Checks;
using Guardian.ComputeHost.Quoting;
using Guardian.Refusals;
using Guardian.Sgx.Reports;

namespace Guardian.Cli.Commands.Nodes;

/// <summary>Gets one quote of a quoting service and verifies it, from the report of an enclave to the root of trust.</summary>
internal static class QuotingCheck
{
    private const string Id = "quoting-service";

    // The enclave has one page, so nothing of this machine's EPC is taken.
    private const long EpcSize = 16 * 1024 * 1024;

    /// <summary>Runs the check.</summary>
    /// <param name="address">The service.</param>
    /// <param name="machine">The folder of the simulated machine.</param>
    public static Finding Run(QuotingAddress address, string machine)
    {
        if (BuiltPlatforms.Support.Simulate is not { } launch)
        {
            return new Finding(
                Id, FindingStatus.Unknown, $"the quoting service at {address} was not asked",
                "only an enclave can make the report that a quote is of, and this command does not run in one",
                "run an attested program, whose log says whether it got a quote");
        }
        var folder = Directory.CreateTempSubdirectory("guardian-quote-");
        try
        {
            File.WriteAllText(Path.Combine(folder.FullName, "program"), "the enclave of guardian guest check");
            using var process = launch(folder.FullName, machine, EnclaveProduct.Premain, EpcSize);
            return Check(address, process);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static Finding Check(QuotingAddress address, EnclaveProcess process)
    {
        var nonce = RandomNumberGenerator.GetBytes(ReportBody.ReportDataSize);
        var report = process.Enclave.CreateReport(BuiltPlatforms.Support.SimulatedQuotingTarget.Span, nonce);
        var (quote, refusal) = new QuotingClient(address).GetQuote(report);
        if (quote is null)
        {
            return Fail("gives no quote", refusal!);
        }
        (var verified, refusal) = CliVerifier.Default.Verify(quote, TimeProvider.System.GetUtcNow());
        if (verified is null)
        {
            return Fail("gave a quote that does not verify", refusal!);
        }
        return verified.Report.MrEnclave == process.Enclave.Identity.MrEnclave && verified.ReportData.Span.SequenceEqual(nonce)
            ? new Finding(
                Id, FindingStatus.Ok,
                $"the quoting service at {address} made a quote, which verifies up to {verified.RootName}: simulated, it protects nothing")
            : new Finding(
                Id, FindingStatus.Failed, $"the quoting service at {address} gave a quote of something else",
                "the quote is of another enclave, or an old one", "ask the operator which service answers there");

        Finding Fail(string what, Refusal why) => new(
            Id, FindingStatus.Failed, $"the quoting service at {address} {what}", why.Detail,
            why.Remedy ?? "ask the operator; a service with another machine's folder refuses this machine's reports");
    }
}
