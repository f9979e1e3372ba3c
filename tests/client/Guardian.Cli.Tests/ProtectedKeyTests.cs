using System.Diagnostics;
using System.Security.Cryptography;
using Guardian.Attestation.Identity;
using Guardian.Cli.Tests.Support;

namespace Guardian.Cli.Tests;

/// <summary>Keys with a passphrase, and keys in a PKCS#11 token, authenticate and sign as plain files do.</summary>
[Trait("Starts", "processes")]
public sealed class ProtectedKeyTests : IDisposable
{
    // Debian's packages, unpacked elsewhere where nobody may install them.
    private static readonly string Root = Environment.GetEnvironmentVariable("GUARDIAN_SOFTHSM_ROOT") ?? "";

    private readonly TemporaryFolder folder = new();
    private readonly Dictionary<string, string?> variables = [];
    private readonly int port = ReservedPort.Reserve();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task A_key_with_a_passphrase_is_of_no_use_without_it()
    {
        folder.Write("passphrase", "correct horse battery\n");
        folder.Write("wrong", "incorrect\n");
        folder.Write("empty", "\n");
        (await RunAsync("key", "create", "plain.pem")).Ends(0);
        var created = (await RunAsync("key", "create", "alice.pem", "--passphrase-file", "passphrase")).Ends(0);
        // A naive reader takes the plain file; the other one gives it nothing.
        using var naive = ECDsa.Create();
        naive.ImportFromPem(await File.ReadAllTextAsync(folder.File("plain.pem")));
        var pem = await File.ReadAllTextAsync(folder.File("alice.pem"));
        Assert.StartsWith("-----BEGIN ENCRYPTED PRIVATE KEY-----", pem, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => naive.ImportFromPem(pem));
        Assert.Throws<InvalidDataException>(() => IdentityKey.Load(folder.File("alice.pem")));
        Assert.Throws<InvalidDataException>(() => IdentityKey.Load(folder.File("alice.pem"), () => "incorrect"));

        (await RunAsync("key", "show", "alice.pem")).Ends(2).Says("GUARDIAN_KEY_PASSPHRASE_FILE");
        (await RunWithAsync("wrong", "key", "show", "alice.pem")).Ends(2).Says("passphrase");
        (await RunWithAsync("absent", "key", "show", "alice.pem")).Ends(3);
        Assert.Equal(created.Output, (await RunWithAsync("passphrase", "key", "show", "alice.pem")).Ends(0).Output);
        (await RunAsync("key", "create", "bob.pem", "--passphrase-file", "empty")).Ends(2);
        (await RunAsync("key", "create", "bob.pem", "--passphrase")).Ends(2).Says("--passphrase-file");
        (await RunAsync("key", "create", "bob.pem", "--passphrase", "--passphrase-file", "passphrase")).Ends(2);
        Assert.False(File.Exists(folder.File("bob.pem")));
        await UseAsync("alice.pem", "passphrase");
    }

    [Fact]
    public async Task A_key_in_a_token_authenticates_signs_and_recovers()
    {
        var (tool, module) = ($"{Root}/usr/bin/pkcs11-tool", $"{Root}/usr/lib/softhsm/libsofthsm2.so");
        var softHsm = $"{Root}/usr/bin/softhsm2-util";
        var engines = Directory.Exists($"{Root}/usr/lib")
            ? Directory.EnumerateDirectories($"{Root}/usr/lib", "engines-3", new EnumerationOptions
            {
                RecurseSubdirectories = true,
                MaxRecursionDepth = 2,
            }).FirstOrDefault(found => File.Exists(Path.Combine(found, "pkcs11.so")))
            : null;
        Assert.SkipUnless(
            File.Exists(tool) && File.Exists(softHsm) && File.Exists(module) && engines is not null,
            "Debian's packages softhsm2, opensc and libengine-pkcs11-openssl are not installed");
        Directory.CreateDirectory(folder.File("tokens"));
        var configuration = folder.Write("softhsm2.conf", $"directories.tokendir = {folder.File("tokens")}\nobjectstore.backend = file\n");
        variables["SOFTHSM2_CONF"] = configuration;
        variables["PKCS11_MODULE_PATH"] = module;
        variables["OPENSSL_ENGINES"] = engines;
        variables["LD_LIBRARY_PATH"] = Root.Length > 0 ? Path.GetDirectoryName(engines) : null;
        folder.Write("pin", "1234\n");
        await RunToolAsync(
            softHsm, "--module", module, "--init-token", "--free", "--label", "guardian", "--pin", "1234", "--so-pin", "5678");
        async Task MakeKeyAsync(string name, params string[] usage) => await RunToolAsync(
            tool, ["--module", module, "--token-label", "guardian", "--login", "--pin", "1234", "--keypairgen", "--key-type",
                "EC:prime256v1", "--label", name, .. usage]);
        await MakeKeyAsync("alice", "--id", "a1", "--usage-sign", "--usage-derive");
        await MakeKeyAsync("signer", "--id", "b2", "--usage-sign");
        const string Uri = "pkcs11:token=guardian;object=alice";
        var shown = (await RunWithAsync("pin", "key", "show", Uri)).Ends(0).Output.Trim();
        Assert.True(IdentityKey.IsPublicKey(shown));
        (await RunAsync("key", "show", Uri)).Ends(2).Says("GUARDIAN_KEY_PASSPHRASE_FILE");
        var visible = (await RunAsync("key", "show", $"{Uri}?pin-value=1234")).Ends(2).Says("visible");
        Assert.DoesNotContain("1234", visible.Error, StringComparison.Ordinal);
        (await RunWithAsync("pin", "key", "show", "pkcs11:token=guardian;object=bob")).Ends(3).Says("libengine-pkcs11-openssl");
        await UseAsync(Uri, "pin");
        // A key that may only sign says so when it is needed for more.
        using (await ServeAsync("pin", "--state", "other", "--owner", "pkcs11:token=guardian;object=signer"))
        {
        }
        using (await ServeAsync("pin", "--state", "other", "--recover"))
        {
            (await RunWithAsync(
                "pin", "cas", "recover", $"127.0.0.1:{port}", "--key", "pkcs11:token=guardian;object=signer", "--platform", "simulated"))
                .Ends(2).Says("CKA_DERIVE");
        }
    }

    // The TLS client's certificate, a signature, and the agreement on an owner's share.
    private async Task UseAsync(string key, string passphrase)
    {
        var session = "name: shop\naccess_policy: {read: [CREATOR]}\nsecrets:\n  - {name: db, kind: ascii, set: [CREATOR]}\n";
        folder.Write("shop.yaml", session);
        using (await ServeAsync(passphrase, "--owner", key))
        {
            string[] cas = ["--cas", $"127.0.0.1:{port}", "--key", key, "--platform", "simulated"];
            var hash = (string)(await RunWithAsync(passphrase, ["session", "create", "shop.yaml", .. cas, "--json"])).Ends(0).Json["hash"]!;
            (await RunWithAsync(passphrase, ["secret", "set", "shop", "db", .. cas, "--from-env", "HOME"])).Ends(0);
            folder.Write("next.yaml", $"predecessor: {hash}\n{session}");
            (await RunWithAsync(passphrase, "session", "sign", "next.yaml", "--key", key, "--output", "signatures")).Ends(0);
            (await RunWithAsync(passphrase, ["session", "update", "next.yaml", .. cas, "--signatures", "signatures"])).Ends(0);
        }
        using (var recovering = await ServeAsync(passphrase, "--recover"))
        {
            (await RunWithAsync(
                passphrase, "cas", "recover", $"127.0.0.1:{port}", "--key", key, "--platform", "simulated")).Ends(0);
            await recovering.WaitAsync(TestContext.Current.CancellationToken);
        }
    }

    private Task<Running> ServeAsync(string passphrase, params string[] more)
    {
        SetPassphrase(passphrase);
        return GuardianProgram.ServeAsync(
            folder.Path, "Guardian.Cli", "guardian", ["cas", "start", "--listen", $"127.0.0.1:{port}", .. more]);
    }

    private Task<Result> RunAsync(params string[] arguments)
    {
        SetPassphrase(null);
        return GuardianProgram.RunAsync(folder.Path, input: "", arguments);
    }

    private Task<Result> RunWithAsync(string passphrase, params string[] arguments)
    {
        SetPassphrase(passphrase);
        return GuardianProgram.RunAsync(folder.Path, input: "", arguments);
    }

    private void SetPassphrase(string? file)
    {
        variables["GUARDIAN_KEY_PASSPHRASE_FILE"] = file is null ? null : folder.File(file);
        GuardianProgram.Variables.Value = new Dictionary<string, string?>(variables);
    }

    private async Task RunToolAsync(string tool, params string[] arguments)
    {
        var start = new ProcessStartInfo(tool, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in variables)
        {
            start.Environment[name] = value;
        }
        using var process = Process.Start(start)!;
        var said = await process.StandardOutput.ReadToEndAsync() + await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, said);
    }
}
