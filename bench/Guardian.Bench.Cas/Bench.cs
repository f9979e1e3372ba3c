using System.Security.Cryptography;
using Guardian.Attestation.Evidence;
using Guardian.Attestation.Identity;
using Guardian.Attestation.Launch;
using Guardian.Attestation.RaTls;
using Guardian.Attestation.Statements;
using Guardian.Cas.Host;
using Guardian.Cas.Store;
using Guardian.Simulation;

namespace Guardian.Bench.Cas;

/// <summary>A CAS in this process on a simulated machine, the enclaves that call it, and the signature checks they need.</summary>
internal sealed class Bench : IDisposable
{
    /// <summary>A certificate carries two quotes, each with one signature by an attestation key that the verifier already knows.</summary>
    public const int SignatureCount = 2;

    // One for each concurrent caller. Each certificate has its own key and quotes.
    private const int EnclaveCount = 64;

    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("guardian-bench-");
    private readonly EnclaveProcess program;
    private readonly EnclaveProcess cas;
    private readonly Vault vault;
    private readonly byte[][] certificates;
    private readonly ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly byte[] data = RandomNumberGenerator.GetBytes(400);
    private readonly byte[] signature;

    public Bench()
    {
        (program, cas) = (Launch("program"), Launch("cas"));
        signature = key.SignData(data, HashAlgorithmName.SHA256);
        using var owner = IdentityKey.Create();
        vault = Vault.Open(
            SqliteRowStore.Open(Path.Combine(folder.FullName, "cas.sqlite")),
            HeldKey.Create(), new AuditKey(StatementSigner.Create(cas.Quotes, EvidenceContext.CasAudit)),
            LogRules.For(cas.Enclave, SimulatedPlatforms.Verifier), TimeProvider.System, first: new FirstOwners([owner.PublicKey], 1));
        Services = new CasServices(vault, SimulatedPlatforms.Verifier, TimeProvider.System);
        certificates = [.. Enumerable.Range(0, EnclaveCount).Select(_ => MakeCertificate())];
        Owner = owner.SubjectPublicKeyInfo;
    }

    public CasServices Services { get; }

    public byte[] Owner { get; }

    public static DateTimeOffset Now => TimeProvider.System.GetUtcNow();

    public string Session =>
        $$"""
        name: bench
        services:
          - name: web
            command: serve --token $$GUARDIAN::token$$
            environment: {KEY: "$$GUARDIAN::key:hex$$"}
            attestation: [{mrenclave: [{{program.Enclave.Identity.MrEnclave}}]}]
            platforms: [simulated]
            volumes: [{name: data, path: /data}]
            injection_files: [{path: /etc/key, content: "$$GUARDIAN::key:bin$$"}]
            network: {listen: [{port: 443, identity: server}]}
            tags: [{{string.Join(", ", Enumerable.Range(0, 64).Select(i => $"tag{i}"))}}]
        volumes:
          - {name: data}
        secrets:
          - {name: key, kind: binary, size: 32}
          - {name: token, kind: ascii, size: 20}
          - {name: ca, kind: x509-ca}
          - {name: server, kind: x509, issuer: ca}

        """;

    public ReadOnlyMemory<byte> Certificate(int index) => certificates[index % certificates.Length];

    public void CheckSignatures()
    {
        for (var i = 0; i < SignatureCount; i++)
        {
            if (!key.VerifyData(data, signature, HashAlgorithmName.SHA256))
            {
                throw new InvalidOperationException("a good signature was refused");
            }
        }
    }

    public void Dispose()
    {
        vault.Dispose();
        key.Dispose();
        program.Dispose();
        cas.Dispose();
        folder.Delete(recursive: true);
    }

    private EnclaveProcess Launch(string name)
    {
        var code = folder.CreateSubdirectory(name);
        File.WriteAllText(Path.Combine(code.FullName, "code"), name);
        return SimulatedPlatforms.Launch(code.FullName, Path.Combine(folder.FullName, "machine"), EnclaveProduct.Runtime, epcSize: null);
    }

    private byte[] MakeCertificate()
    {
        using var certificate = RaTlsCertificate.Create(
            program.Quotes, EvidenceContext.RuntimeLaunch(Convert.FromHexString(vault.LogId), "bench", "web"));
        return certificate.RawData;
    }
}
