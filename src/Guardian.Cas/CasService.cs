using System.Security.Cryptography;
using System.Text;
using Guardian.Attestation;
using Guardian.Cas.Client;
using Guardian.Documents;

namespace Guardian.Cas;

/// <summary>What the CAS does, whoever calls it and however. Thread-safe.</summary>
internal sealed class CasService(SessionStore store, ICollateralSource? collateral, TimeProvider time)
{
    /// <summary>Creates a session.</summary>
    /// <param name="creatorKey">The caller's SubjectPublicKeyInfo.</param>
    /// <exception cref="CasException">Refused; so for every call here.</exception>
    public SessionDescription Create(ReadOnlySpan<byte> yaml, ReadOnlySpan<byte> creatorKey)
    {
        var document = Read(yaml);
        if (document.Predecessor is not null)
        {
            throw new CasException(CasFailure.Invalid, "a session that is created has no 'predecessor'; remove the line, or update the session instead", []);
        }
        var creator = KeyHash(creatorKey);
        var isCreated = store.Change(document.Name, current => current is null ? Store(document, creator, null) : null);
        return isCreated
            ? Describe(document)
            : throw new CasException(CasFailure.Conflict, $"a session '{document.Name}' is already there; choose another name, or update it", []);
    }

    /// <summary>Replaces the caller's session.</summary>
    public SessionDescription Update(string name, ReadOnlySpan<byte> yaml, ReadOnlySpan<byte> callerKey)
    {
        var document = Read(yaml);
        if (document.Name != name)
        {
            throw new CasException(CasFailure.Invalid, $"the document is named '{document.Name}', not '{name}'", []);
        }
        var caller = KeyHash(callerKey);
        store.Change(name, current =>
        {
            var previous = Own(current, name, caller);
            return document.Predecessor == previous.Document.Hash
                ? Store(document, caller, previous)
                : throw new CasException(
                    CasFailure.Conflict, $"'predecessor' must be the current hash, {previous.Document.Hash}; read the session, apply your change to it, and try again", []);
        });
        return Describe(document);
    }

    /// <summary>Reads the caller's session.</summary>
    public SessionDescription Read(string name, ReadOnlySpan<byte> callerKey) => Describe(Own(store.Find(name), name, KeyHash(callerKey)).Document);

    /// <summary>Gives a service its startup configuration, if its quote satisfies the session.</summary>
    /// <param name="certificate">The caller's TLS certificate, DER.</param>
    public StartupConfiguration Configure(ConfigurationRequest request, ReadOnlyMemory<byte> certificate)
    {
        var (stored, document, wanted) = Admit(request, certificate);
        string Fill(string text) => Placeholders.Replace(text, name => stored.Secrets[name]);
        return new StartupConfiguration(
            document.Name, wanted.Name, document.Hash,
            [.. wanted.Command.Select(Fill)],
            wanted.Environment.ToDictionary(variable => variable.Key, variable => Fill(variable.Value)));
    }

    /// <summary>Gives a service the one secret that it gets by Gramine's secret provisioning, if its quote satisfies the session.</summary>
    /// <param name="certificate">The caller's TLS certificate, DER.</param>
    /// <returns>The secret; one of kind ascii ends with NUL, as Gramine's client expects of text.</returns>
    public byte[] Provision(ConfigurationRequest request, ReadOnlyMemory<byte> certificate)
    {
        var (stored, document, wanted) = Admit(request, certificate);
        var name = wanted.ProvisionedSecret
            ?? throw new CasException(CasFailure.NotFound, $"'{request.Session}/{request.Service}' has no 'secret_provisioning'; name the secret that it gets", []);
        var isText = document.Secrets.First(secret => secret.Name == name).Kind == SecretKind.Ascii;
        return isText ? [.. stored.Secrets[name], 0] : stored.Secrets[name];
    }

    private (StoredSession Stored, SessionDocument Document, SessionService Service) Admit(ConfigurationRequest request, ReadOnlyMemory<byte> certificate)
    {
        var verdict = RaTlsVerifier.Verify(certificate, time.GetUtcNow(), collateral);
        if (!verdict.IsVerified)
        {
            throw new CasException(CasFailure.Denied, $"the caller is not an attested enclave: {verdict.Failure.Detail}", [$"{verdict.Failure.Stage}: {verdict.Failure.Reason}"]);
        }
        if (store.Find(request.Session) is not { } stored || Reread(stored) is not { } document
            || document.Services.FirstOrDefault(service => service.Name == request.Service) is not { } wanted)
        {
            throw new CasException(CasFailure.NotFound, $"there is no service '{request.Service}' in a session '{request.Session}'", []);
        }
        var appraisal = wanted.Policy.Appraise(verdict.Peer.Quote);
        if (!appraisal.IsAccepted)
        {
            throw new CasException(
                CasFailure.Denied, $"the caller's enclave is not admitted to '{request.Session}/{request.Service}'",
                [.. appraisal.Checks.Where(check => !check.Passed).Select(check => check.ToString())]);
        }
        return (stored, document, wanted);
    }

    // A stranger gets the same answer whether the session exists or not.
    private static (StoredSession Stored, SessionDocument Document) Own(StoredSession? stored, string name, string caller) =>
        stored is not null && CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(stored.Creator), Encoding.ASCII.GetBytes(caller))
            ? (stored, Reread(stored))
            : throw new CasException(CasFailure.NotFound, $"there is no session '{name}' that your key created", []);

    private static StoredSession Store(SessionDocument document, string creator, (StoredSession Stored, SessionDocument Document)? previous)
    {
        var secrets = new Dictionary<string, byte[]>();
        foreach (var secret in document.Secrets)
        {
            var isKept = secret.Value is null && previous?.Document.Secrets.Any(
                old => old.Value is null && old.Name == secret.Name && old.Kind == secret.Kind && old.Size == secret.Size) == true;
            secrets[secret.Name] = isKept ? previous!.Value.Stored.Secrets[secret.Name] : SecretMaker.Make(secret);
        }
        return new StoredSession(creator, document.Text, secrets);
    }

    private static SessionDocument Read(ReadOnlySpan<byte> yaml)
    {
        var problems = new DocumentProblems();
        return SessionDocument.Read(yaml, problems)
            ?? throw new CasException(CasFailure.Invalid, "the session has mistakes", [.. problems.Items.Select(problem => problem.ToString())]);
    }

    private static SessionDocument Reread(StoredSession stored) => Read(Encoding.UTF8.GetBytes(stored.Text));

    private static SessionDescription Describe(SessionDocument document) => new(document.Name, document.Hash, document.Text);

    private static string KeyHash(ReadOnlySpan<byte> subjectPublicKeyInfo) => Convert.ToHexStringLower(SHA256.HashData(subjectPublicKeyInfo));
}
