using System.Collections.Concurrent;
using System.Security.Cryptography;
using Guardian.Attestation.Policy;
using Guardian.Attestation.RaTls;
using Guardian.Cas.Client;
using Guardian.Cas.Secrets;
using Guardian.Cas.Sessions;
using Guardian.Cas.Store;
using Guardian.Refusals;

namespace Guardian.Cas;

/// <summary>Who is admitted, and what it gets.</summary>
internal sealed partial class CasService
{
    private const string TagKind = "tag";
    private const string InstanceKind = "instance";
    private const int TagSize = 32;

    // A session imports from a session that imports from another; deeper nobody follows it.
    private const int MaxImports = 4;

    // Peers that were verified a moment ago: each tag they move would otherwise cost a verification of quotes.
    private const int MaxPeers = 4096;
    private static readonly TimeSpan PeerLife = TimeSpan.FromMinutes(5);

    private readonly ConcurrentDictionary<string, (RaTlsPeer Peer, DateTimeOffset Until)> peers = new();

    /// <summary>Gives a service its startup configuration, if its quote satisfies the session.</summary>
    /// <param name="certificate">The caller's TLS certificate, DER.</param>
    public async Task<StartupConfiguration> ConfigureAsync(ConfigurationRequest request, ReadOnlyMemory<byte> certificate) =>
        (await AdmitAsync(request, certificate).ConfigureAwait(false)).Configure(time.GetUtcNow());

    /// <summary>Gives a service the one secret that it gets by Gramine's secret provisioning, if its quote satisfies the session.</summary>
    /// <param name="certificate">The caller's TLS certificate, DER.</param>
    /// <returns>The secret; text ends with NUL, as Gramine's client expects of it.</returns>
    public async Task<byte[]> ProvisionAsync(ConfigurationRequest request, ReadOnlyMemory<byte> certificate)
    {
        var admitted = await AdmitAsync(request, certificate).ConfigureAwait(false);
        var name = admitted.Service.ProvisionedSecret
            ?? throw new CasException(CasFailure.NotFound, $"'{request.Session}/{request.Service}' has no 'secret_provisioning'; name the secret that it gets", []);
        var value = admitted.ValueOf(name, isPrevious: false, time.GetUtcNow())!;
        return value.Kind is SecretKind.Ascii or SecretKind.Jwt ? [.. value.Bytes, 0] : value.Bytes;
    }

    /// <summary>Reads a tag of a session's volume, or one that a service has of its own.</summary>
    public Task<TagDescription> ReadTagAsync(string session, string name, ReadOnlyMemory<byte> certificate)
    {
        var peer = Verify(certificate, isFresh: false);
        return vault.RunAsync(transaction => new TagDescription(session, name, FindTag(transaction, TagRow(transaction, session, name, peer))));
    }

    /// <summary>Moves a tag, if it is what the caller expects.</summary>
    public Task<TagOutcome> SetTagAsync(TagChange change, ReadOnlyMemory<byte> certificate)
    {
        if (change.Next.Length != TagSize || change.Expected is { Length: not TagSize })
        {
            throw new CasException(CasFailure.Invalid, $"a tag has {TagSize} bytes", []);
        }
        var peer = Verify(certificate, isFresh: false);
        return vault.RunAsync(transaction =>
        {
            var row = TagRow(transaction, change.Session, change.Name, peer);
            var current = FindTag(transaction, row);
            if (!current.AsSpan().SequenceEqual(change.Expected))
            {
                return new TagOutcome(false, current);
            }
            transaction.Put(TagKind, row, change.Next, change.Next);
            transaction.Audit("tag-moved", row.Replace('\n', '/'), peer.Quote.Report.MrEnclave.ToString());
            return new TagOutcome(true, change.Next);
        });
    }

    /// <summary>Gives the key of a service's standard streams to whom its session names.</summary>
    public Task<StdioKeyDescription> ReadStdioKeyAsync(string session, string service, ReadOnlyMemory<byte> callerKey)
    {
        var caller = KeyHash(callerKey.Span);
        return vault.RunAsync(transaction =>
        {
            var state = Find(transaction, session);
            if (state?.Document.Services.FirstOrDefault(each => each.Name == service) is not { EncryptsStdio: true } wanted || !IsAllowed(wanted.StdioReaders, state, [caller]))
            {
                throw new CasException(CasFailure.NotFound, $"there is no service '{session}/{service}' whose encrypted streams your key may read", []);
            }
            transaction.Audit("stdio-key-read", $"{session}/{service}", caller);
            return new StdioKeyDescription(session, service, state.Stored.Keys[SessionState.StdioKey(service)]);
        });
    }

    private async Task<Admission> AdmitAsync(ConfigurationRequest request, ReadOnlyMemory<byte> certificate)
    {
        var peer = Verify(certificate, isFresh: true);
        while (true)
        {
            var (admission, denial) = await vault.RunAsync(transaction => Admit(transaction, request, peer)).ConfigureAwait(false);
            if (denial is not null)
            {
                throw denial;
            }
            var due = admission!.Sessions.Where(state => SecretMaker.IsDue(state.Document, state.Stored.Secrets, time.GetUtcNow())).ToList();
            if (due.Count == 0)
            {
                return admission;
            }
            foreach (var state in due)
            {
                await RenewAsync(state).ConfigureAwait(false);
            }
        }
    }

    // A denial is a result, for it is noted in the log.
    private static (Admission? Admission, CasException? Denial) Admit(VaultTransaction transaction, ConfigurationRequest request, RaTlsPeer peer)
    {
        var subject = $"{request.Session}/{request.Service}";
        var by = $"mrenclave {peer.Quote.Report.MrEnclave}";
        if (Find(transaction, request.Session) is not { } state || state.Document.Services.FirstOrDefault(service => service.Name == request.Service) is not { } wanted)
        {
            throw new CasException(CasFailure.NotFound, $"there is no service '{request.Service}' in a session '{request.Session}'", []);
        }
        var appraisal = wanted.Policy.Appraise(peer.Quote);
        if (!appraisal.IsAccepted)
        {
            return Deny([.. appraisal.Checks.Where(check => !check.Passed).Select(check => check.ToString())]);
        }
        if (wanted.IsSingleton)
        {
            var instance = Convert.ToHexStringLower(SHA256.HashData(peer.SubjectPublicKeyInfo.Span));
            var row = $"{request.Session}\n{request.Service}";
            if (FindInstance(transaction, row) == instance)
            {
                return Deny(["singleton: found an enclave that was admitted before; accepted one that starts anew"]);
            }
            transaction.Put(InstanceKind, row, Convert.FromHexString(instance), instance);
        }
        var (secrets, volumes) = (new Dictionary<string, (SessionState, string)>(), new Dictionary<string, (SessionState, string)>());
        foreach (var secret in state.Document.Secrets)
        {
            secrets[secret.Name] = Resolve(transaction, state, secret.Name, SecretOf, 0);
        }
        foreach (var volume in state.Document.Volumes)
        {
            volumes[volume.Name] = Resolve(transaction, state, volume.Name, VolumeOf, 0);
        }
        var tags = wanted.Volumes.ToDictionary(volume => volume.Name, volume => KeepsTag(volume.Update) ? FindTag(transaction, RowOf(volumes[volume.Name])) : null);
        transaction.Audit("service-admitted", subject, by, $"session hash {state.Document.Hash}");
        return (new Admission(state, wanted, secrets, volumes, tags), null);

        (Admission?, CasException?) Deny(IReadOnlyList<string> problems)
        {
            transaction.Audit("service-denied", subject, by, string.Join("; ", problems));
            return (null, new CasException(CasFailure.Denied, $"the caller's enclave is not admitted to '{subject}'", problems));
        }
    }

    private RaTlsPeer Verify(ReadOnlyMemory<byte> certificate, bool isFresh)
    {
        var now = time.GetUtcNow();
        var id = Convert.ToHexString(SHA256.HashData(certificate.Span));
        if (!isFresh && peers.TryGetValue(id, out var known) && now < known.Until)
        {
            return known.Peer;
        }
        var verdict = RaTlsVerifier.Verify(certificate, now, verifier);
        if (verdict.Refusal is { } refusal)
        {
            throw new CasException(
                CasFailure.Denied, $"the caller is not an attested enclave: {refusal.Detail}", [$"{refusal.Location?.Part}: {refusal.Code}"]);
        }
        if (peers.Count >= MaxPeers)
        {
            peers.Clear();
        }
        peers[id] = (verdict.Value!, now + PeerLife);
        return verdict.Value!;
    }

    /// <summary>The row of a tag that an enclave may move: some service of the session that has the tag admits it.</summary>
    private static string TagRow(VaultTransaction transaction, string session, string name, RaTlsPeer peer)
    {
        var state = Find(transaction, session);
        var having = state?.Document.Services
            .Where(service => service.Tags.Contains(name) || service.Volumes.Any(volume => volume.Name == name && KeepsTag(volume.Update))).ToList() ?? [];
        if (state is null || having.Count == 0)
        {
            throw new CasException(CasFailure.NotFound, $"there is no tag '{name}' in a session '{session}'", []);
        }
        var admitting = having.Where(service => service.Policy.Appraise(peer.Quote).IsAccepted).ToList();
        if (admitting.Count == 0)
        {
            throw new CasException(CasFailure.Denied, $"the caller's enclave is no service of '{session}' that has the tag '{name}'", []);
        }
        var instance = Convert.ToHexStringLower(SHA256.HashData(peer.SubjectPublicKeyInfo.Span));
        return admitting.All(service => service.IsSingleton && FindInstance(transaction, $"{session}\n{service.Name}") != instance)
            ? throw new CasException(CasFailure.Denied, $"another enclave was admitted to '{session}' since: the tag '{name}' is its", [])
            : state.Document.Volumes.Any(volume => volume.Name == name) ? RowOf(Resolve(transaction, state, name, VolumeOf, 0)) : $"{session}\n{name}";
    }

    private static string RowOf((SessionState State, string Name) volume) => $"{volume.State.Document.Name}\n{volume.Name}";

    private static bool KeepsTag(VolumeUpdate update) => update is VolumeUpdate.RollbackProtected or VolumeUpdate.Interval;

    private static byte[]? FindTag(VaultTransaction transaction, string row) => transaction.Find(TagKind, row, value => value);

    private static string? FindInstance(VaultTransaction transaction, string row) => transaction.Find(InstanceKind, row, Convert.ToHexStringLower);

    private static (SessionImport? Import, IReadOnlyList<SessionExport> Exports)? SecretOf(SessionDocument document, string name) =>
        document.Secrets.FirstOrDefault(secret => secret.Name == name) is { } secret ? (secret.Import, secret.Exports) : null;

    private static (SessionImport? Import, IReadOnlyList<SessionExport> Exports)? VolumeOf(SessionDocument document, string name) =>
        document.Volumes.FirstOrDefault(volume => volume.Name == name) is { } volume ? (volume.Import, volume.Exports) : null;

    /// <summary>Whose secret or volume a name stands for in the end, each exporter agreeing.</summary>
    private static (SessionState State, string Name) Resolve(
        VaultTransaction transaction, SessionState state, string name,
        Func<SessionDocument, string, (SessionImport? Import, IReadOnlyList<SessionExport> Exports)?> find, int depth)
    {
        if (find(state.Document, name) is not { Import: { } import })
        {
            return (state, name);
        }
        return depth < MaxImports && Find(transaction, import.Session) is { } exporter && find(exporter.Document, import.Name) is { } entry
            && entry.Exports.Any(export => (export.Session ?? state.Document.Name) == state.Document.Name && (export.Hash ?? state.Document.Hash) == state.Document.Hash)
            ? Resolve(transaction, exporter, import.Name, find, depth + 1)
            : throw new CasException(CasFailure.Denied, $"session '{import.Session}' does not export '{import.Name}' to '{state.Document.Name}'", []);
    }

    private async Task RenewAsync(SessionState state)
    {
        var secrets = SecretMaker.Make(state.Document, (state.Document, state.Stored.Secrets), time.GetUtcNow());
        await vault.RunAsync(transaction =>
        {
            // Another admission may have been faster.
            if (Find(transaction, state.Document.Name) is { } latest && latest.Stored.Revision == state.Stored.Revision)
            {
                Put(transaction, state.Stored with { Secrets = secrets, Revision = state.Stored.Revision + 1 }, state.Document);
                transaction.Audit("secrets-renewed", state.Document.Name, "cas");
            }
            return true;
        }).ConfigureAwait(false);
    }
}
