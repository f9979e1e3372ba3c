using System.Security.Cryptography;
using Guardian.Attestation.Collateral;
using Guardian.Attestation.Verification;
using Guardian.Files.Native;
using Guardian.Kubernetes;
using Guardian.Operator;
using Guardian.Operator.Work;

const int Usage = 2;
const int World = 3;

InheritedStreams.FillMissing();
var settings = OperatorSettings.Read(args, Environment.GetEnvironmentVariable, out var problem);
if (settings is null)
{
    return Fail(Usage, problem!, OperatorSettings.Usage);
}
using var signals = new EndingSignals();
try
{
    using var api = ClusterApi.TryOpenOfPod(Environment.GetEnvironmentVariable);
    if (api is null)
    {
        return Fail(World, "this is no pod of Kubernetes", "its service account may read sessions and write their status");
    }
    var verifier = new EvidenceVerifier(BuiltPlatforms.Support.Anchors, new CollateralStore(settings.Collateral));
    using var cas = new VerifiedCas(settings.Cas, settings.Policy, settings.Pins, verifier);
    Log($"bringing sessions to {settings.Cas}");
    await new SessionOperator(api, cas, TimeProvider.System, Log).RunAsync(signals.Token).ConfigureAwait(false);
    return 0;
}
catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or CryptographicException or UriFormatException)
{
    return Fail(World, failure.Message);
}

static void Log(string line) => Console.Error.WriteLine($"guardian-operator: {line}");

static int Fail(int exitCode, string message, params string[] details)
{
    Console.Error.WriteLine($"guardian-operator: error: {message}");
    foreach (var detail in details)
    {
        Console.Error.WriteLine($"guardian-operator: hint: {detail}");
    }
    return exitCode;
}
