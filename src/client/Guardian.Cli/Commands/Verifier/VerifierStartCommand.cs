using System.CommandLine;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Guardian.Attestation.Identity;
using Guardian.Attestation.Keeping;
using Guardian.Attestation.Snp;
using Guardian.Attestation.Verification;
using Guardian.Cli.Commands.Quotes;
using Guardian.Cli.Failures;
using Guardian.Cli.Inputs;
using Guardian.Cli.Installation;
using Guardian.Cli.Options;
using Guardian.Cli.Output;
using Guardian.Refusals;
using Guardian.Verifier;
using Guardian.Verifier.Appraising;

namespace Guardian.Cli.Commands.Verifier;

/// <summary><c>guardian verifier start</c>.</summary>
internal sealed class VerifierStartCommand : CliCommand
{
    // A list has some hundred bytes.
    private const int MaxListSize = 1024 * 1024;
    private const int MaxRate = 100_000;

    private readonly Option<string> listen = new("--listen")
    {
        Description = "IP address and port; port 0 takes a free one.",
        DefaultValueFactory = _ => "127.0.0.1:0",
        HelpName = "HOST:PORT",
    };
    private readonly Option<string?> policy = new("--policy")
    {
        Description = "The appraisal policy of all tokens, YAML (docs/how-to/attestation.md).",
        HelpName = "FILE",
    };
    private readonly Option<string?> key = new("--key")
    {
        Description = "The key that signs tokens. Without it, a new one at each start.",
        HelpName = "FILE",
    };
    private readonly Option<string?> certificate = new("--certificate")
    {
        Description = "The certificate of HTTPS and its issuers, PEM. Without it, a new one at each start, without an issuer.",
        HelpName = "FILE",
    };
    private readonly Option<string?> certificateKey = new("--certificate-key")
    {
        Description = "The private key of the certificate, PEM.",
        HelpName = "FILE",
    };
    private readonly Option<string?> collateral = new("--collateral")
    {
        Description = "Folder that keeps Intel's collateral. Without it, the usual folder.",
        HelpName = "DIR",
    };
    private readonly Option<bool> offline = new("--offline")
    {
        Description = "Ask no service: the folder has the collateral, as 'guardian quote collateral fetch' fills it.",
    };
    private readonly ServiceOptions services = new();
    private readonly Option<string?> root = new("--root")
    {
        Description = "Certificate of the root of trust of quotes, PEM, in place of Intel's.",
        HelpName = "FILE",
    };
    private readonly Option<string[]> lists = new("--amd-crl")
    {
        Description = "AMD's revocation list of a product whose reports of SEV-SNP are taken; repeatable. Without it, none are.",
        HelpName = "FILE",
    };
    private readonly Option<bool> simulated = new("--simulated") { Description = "Verify simulated platforms too, which protect nothing." };
    private readonly Option<bool> noNonce = new("--insecure-no-nonce")
    {
        Description = "Make tokens also for evidence without nonce and key, of which anyone may have kept a copy.",
    };
    private readonly Option<int?> rate = new("--rate")
    {
        Description =
            $"The requests of one address in a second, by default {VerifierSettings.DefaultRequestsPerSecond}. Behind a load balancer, all "
            + "clients are one address.",
        HelpName = "COUNT",
    };

    private readonly StartSettings settings;

    public VerifierStartCommand() : base("start", "Run a verifying service until you end it.")
    {
        // Those that weaken the service are said where it is started.
        Option[] quiet =
        [
            listen, policy, key, certificate, certificateKey, collateral, offline, .. services.All, root, lists, rate,
        ];
        settings = new StartSettings("GUARDIAN_VERIFIER_", quiet);
        AddSymbols([.. quiet, simulated, noNonce, settings.File]);
        Validators.Add(result =>
        {
            if (result.GetValue(rate) is < 1 or > MaxRate)
            {
                result.AddError($"--rate is 1 to {MaxRate}");
            }
        });
    }

    /// <inheritdoc/>
    public override TimeSpan EndingLimit => TimeSpan.FromSeconds(10);

    protected override async Task<int> RunAsync(ParseResult arguments, Terminal terminal, CancellationToken cancellation)
    {
        arguments = settings.Complete(arguments);
        using var signer = arguments.GetValue(key) is { } file ? KeyFile.Load(file) : IdentityKey.Create();
        var (shown, issuers) = ReadCertificate(arguments);
        using var connected = services.Connect(arguments);
        using (shown)
        {
            var appraisal = ReadAppraisal(arguments, signer, arguments.GetValue(offline) ? null : connected, terminal);
            var server = await StartAsync(
                new VerifierSettings
                {
                    Listen = Hosting.HostOptions.ParseEndPoint(arguments.GetRequiredValue(listen)),
                    Certificate = shown,
                    Issuers = issuers,
                    Appraisal = appraisal,
                    RequestsPerSecond = arguments.GetValue(rate) ?? VerifierSettings.DefaultRequestsPerSecond,
                },
                cancellation).ConfigureAwait(false);
            await using (server.ConfigureAwait(false))
            {
                Announce(terminal, server, signer, appraisal, shown);
                await WaitAsync(cancellation).ConfigureAwait(false);
                SystemdNotify.SendStopping();
            }
        }
        return ExitCode.Done;
    }

    private AppraisalSettings ReadAppraisal(
        ParseResult arguments, IdentityKey signer, ConnectedServices? connected, Terminal terminal)
    {
        var path = arguments.GetValue(policy) ?? throw CliReasons.Usage.Refuse(
            "a verifier needs the policy by which it appraises: --policy FILE");
        var anchors = AppraisalOptions.ReadAnchors(arguments.GetValue(root), arguments.GetValue(simulated));
        var store = UserFolders.OpenCollateral(arguments.GetValue(collateral));
        return new AppraisalSettings
        {
            Key = signer,
            Policy = AppraisalOptions.ReadPolicy(path),
            Quotes = new EvidenceVerifier(anchors, store),
            Keeper = connected is null ? null : new CollateralKeeper(
                new CollateralUpdater(connected.Services, store, new VerifierOptions { Anchors = anchors }), TimeProvider.System,
                terminal.Note),
            Reports = SnpOptions.AmdOnly,
            RevocationLists =
                [.. (arguments.GetValue(lists) ?? []).Select(list => (ReadOnlyMemory<byte>)InputFile.ReadBytes(list, MaxListSize))],
            AllowStaleEvidence = arguments.GetValue(noNonce),
        };
    }

    private (X509Certificate2 Certificate, X509Certificate2Collection Issuers) ReadCertificate(ParseResult arguments)
    {
        var (file, keyFile) = (arguments.GetValue(certificate), arguments.GetValue(certificateKey));
        if (file is null != keyFile is null)
        {
            throw CliReasons.Usage.Refuse("--certificate and --certificate-key belong together");
        }
        if (file is null)
        {
            return (VerifierServer.CreateCertificate(TimeProvider.System.GetUtcNow()), []);
        }
        var (pem, keyPem) = (InputFile.ReadText(file), InputFile.ReadText(keyFile!));
        try
        {
            var issuers = new X509Certificate2Collection();
            issuers.ImportFromPem(pem);
            return (X509Certificate2.CreateFromPem(pem, keyPem), issuers);
        }
        catch (Exception failure) when (failure is CryptographicException or ArgumentException)
        {
            throw CliReasons.BadCertificate.Refuse($"{file} and {keyFile} are no certificate with its private key in PEM");
        }
    }

    private static async Task<VerifierServer> StartAsync(VerifierSettings settings, CancellationToken cancellation)
    {
        try
        {
            return await VerifierServer.StartAsync(settings, cancellation).ConfigureAwait(false);
        }
        catch (IOException failure) when (failure.InnerException is Microsoft.AspNetCore.Connections.AddressInUseException)
        {
            throw new RefusedException(CliReasons.CannotListen.Because($"{settings.Listen} is in use"), failure);
        }
    }

    private static void Announce(
        Terminal terminal, VerifierServer server, IdentityKey signer, AppraisalSettings appraisal, X509Certificate2 shown)
    {
        var pin = Convert.ToBase64String(SHA256.HashData(shown.PublicKey.ExportSubjectPublicKeyInfo()));
        var result = new VerifierListening(
            "listening", server.Address.GetLeftPart(UriPartial.Authority), signer.Thumbprint, appraisal.Policy.Id, $"sha256//{pin}");
        SystemdNotify.SendReady($"listening on {result.Address}");
        terminal.Show(result, VerifierJson.Default.VerifierListening, people =>
        {
            people.WriteLine($"guardian verifier: listening on {result.Address}");
            people.WriteFacts([("signs with key", result.KeyId), ("policy", result.PolicyId), ("key of HTTPS", result.CertificatePin)]);
        });
    }

    private static async Task WaitAsync(CancellationToken cancellation)
    {
        try
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, cancellation).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // SIGTERM and Ctrl+C are the usual ends.
        }
    }
}
