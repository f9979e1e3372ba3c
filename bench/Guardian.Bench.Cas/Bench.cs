using System.Security.Cryptography;
using Guardian.Attestation.Identity;
using Guardian.Attestation.Launch;
using Guardian.Attestation.RaTls;
using Guardian.Attestation.Statements;
using Guardian.Cas.Store;

namespace Guardian.Bench.Cas;

/// <summary>A CAS in this process on a simulated machine, enclaves that ask it, and the signature checks that their evidence needs at least.</summary>
internal sealed class Bench : IDisposable
{
    /// <summary>A certificate carries two quotes, each signed by an attestation key of a platform that is known after the first.</summary>
    public const int SignatureCount = 2;

    // As many enclaves as ask, in turns: each certificate has a key and quotes of its own.
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
        certificates = [.. Enumerable.Range(0, EnclaveCount).Select(_ => MakeCertificate())];
        signature = key.SignData(data, HashAlgorithmName.SHA256);
        vault = Vault.Open(
            SqliteRowStore.Open(Path.Combine(folder.FullName, "cas.sqlite")), new StoreKey(RandomNumberGenerator.GetBytes(StoreKey.Size)),
            new AuditKey(StatementSigner.Create(cas.Quotes, new byte[32])), TimeProvider.System);
        Service = new CasService(vault, collateral: null, TimeProvider.System);
        using var owner = IdentityKey.Create();
        Owner = owner.SubjectPublicKeyInfo;
    }

    public CasService Service { get; }

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

    public void Floor()
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
        return EnclaveProcess.Open(code.FullName, Path.Combine(folder.FullName, "machine"));
    }

    private byte[] MakeCertificate()
    {
        using var certificate = RaTlsCertificate.Create(program.Quotes, default);
        return certificate.RawData;
    }
}
