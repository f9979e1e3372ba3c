using System.Diagnostics;
using System.Net;


using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using Guardian.Attestation.Evidence;
using Guardian.Attestation.Identity;
using Guardian.Attestation.Launch;
using Guardian.Attestation.Policy;
using Guardian.Cas.Client.Connection;
using Guardian.Sgx;
using Guardian.Simulation;

namespace Guardian.Bench.Cas;

/// <summary>The program guardian-cas itself, in a process of its own, and enclaves that call it over TLS.</summary>
internal sealed class CasServer : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("guardian-bench-");
    private readonly IdentityKey owner = IdentityKey.Create();
    private readonly EnclaveProcess program;
    private readonly Process process;
    private readonly AttestationPolicy policy;

    private CasServer(string build, int connections)
    {
        var code = folder.CreateSubdirectory("program");
        File.WriteAllText(Path.Combine(code.FullName, "code"), "program");
        var machine = Path.Combine(folder.FullName, "machine");
        program = SimulatedPlatforms.Launch(code.FullName, machine, EnclaveProduct.Runtime, epcSize: null);
        policy = new AttestationPolicy
        {
            Identities = [new AcceptedIdentity { MrEnclaves = [EnclaveProcess.Measure(build)] }],
            Platforms = [PlatformKind.Simulated],
        };
        string[] arguments =
        [
            Path.Combine(build, "guardian-cas.dll"), "--json", "--state", Path.Combine(folder.FullName, "cas"), "--machine", machine,
            "--listen", "127.0.0.1:0", "--owners", owner.PublicKey, "--threshold", "1", "--connections", $"{connections}",
            // All enclaves of the bench have one address.
            "--caller-calls", "4096",
        ];
        process = Process.Start(new ProcessStartInfo("dotnet", arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        process.ErrorDataReceived += (_, line) => Errors += line.Data is null ? 0 : 1;
        process.BeginErrorReadLine();
        Address = ReadAddress();
    }

    public Uri Address { get; }

    /// <summary>The lines that the CAS wrote to its standard error; one says that the platform is simulated.</summary>
    public int Errors { get; private set; }

    /// <summary>The processor time of the CAS.</summary>
    public TimeSpan ProcessorTime
    {
        get
        {
            process.Refresh();
            return process.TotalProcessorTime;
        }
    }

    // The first lines say what the CAS waits for.
    private Uri ReadAddress()
    {
        while (process.StandardOutput.ReadLine() is { } line)
        {
            if ((string?)JsonNode.Parse(line)!["address"] is { } address)
            {
                return new Uri(address);
            }
        }
        throw new InvalidOperationException("the CAS did not start");
    }

    /// <summary>Starts a CAS with a session that admits the enclaves.</summary>
    /// <param name="connections">The connections that it accepts, half of them from one address.</param>
    public static async Task<CasServer> StartAsync(int connections)
    {
        // The benches and the programs have the same build configuration.
        var build = Path.GetFullPath(Path.Combine(
            AppContext.BaseDirectory, "..", "..", "Guardian.Cas", Path.GetFileName(AppContext.BaseDirectory.TrimEnd('/'))));
        var server = new CasServer(build, connections);
        using var certificate = server.owner.CreateClientCertificate(TimeProvider.System.GetUtcNow());
        using var client = server.Connect(certificate);
        await client.CreateAsync(Encoding.UTF8.GetBytes(
            $$"""
            name: bench
            services:
              - name: web
                command: serve --token $$GUARDIAN::token$$
                attestation: [{mrenclave: [{{server.program.Enclave.Identity.MrEnclave}}]}]
                platforms: [simulated]
                volumes: [{name: data, path: /data}]
            volumes:
              - {name: data}
            secrets:
              - {name: token, kind: ascii, size: 20}

            """)).ConfigureAwait(false);
        return server;
    }

    /// <summary>Calls the CAS as a person.</summary>
    public CasClient Connect(X509Certificate2? certificate) =>
        new(Address, policy, certificate, TimeProvider.System, SimulatedPlatforms.Verifier);

    /// <summary>Starts an enclave: it verifies the CAS, makes evidence for this start, and gets its configuration.</summary>
    /// <returns>The seconds that it took.</returns>
    public async Task<double> AdmitAsync()
    {
        var clock = Stopwatch.StartNew();
        using var client = await CasClient.ConnectEnclaveAsync(
            Address, policy, null, cas => EvidenceContext.RuntimeLaunch(cas, "bench", "web"), program.Quotes, TimeProvider.System,
            SimulatedPlatforms.Verifier).ConfigureAwait(false);
        await client.ConfigureAsync("bench", "web").ConfigureAwait(false);
        return clock.Elapsed.TotalSeconds;
    }

    public void Dispose()
    {
        process.Kill(entireProcessTree: true);
        process.WaitForExit();
        process.Dispose();
        program.Dispose();
        owner.Dispose();
        folder.Delete(recursive: true);
    }
}
