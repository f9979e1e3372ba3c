namespace Guardian.Cli.Sessions.Scone;

/// <summary>Translates <c>security.attestation</c>.</summary>
internal sealed class SconeAttestation(SconeNotes notes)
{
    private static readonly Dictionary<string, string> Untolerated = new()
    {
        ["insecure-igpu"] = "a platform whose processor graphics endanger enclaves is not UpToDate, and is judged by its TCB status alone",
        ["aepic-leak"] =
        "a platform with INTEL-SA-00657 is judged by its TCB status; add it to ignore_advisories if the program withstands it",
        ["local-attestation-trust-cas-tcb"] = "every platform is judged by its own quote",
        ["maa-managed-tcb"] = "every platform is judged by its own quote",
    };

    /// <summary>Translates the map.</summary>
    public void Translate(DraftMap attestation)
    {
        TranslateMode(attestation);
        TranslateTolerated(attestation);
        if (attestation.Find("ignore_advisories") is { } advisories)
        {
            TranslateAdvisories(advisories);
        }
        if (attestation.Find("trusted_scone_qe_pubkeys") is { } quoting)
        {
            notes.Remove(quoting, SconeChange.Stricter, "trusted_scone_qe_pubkeys: only Intel's quoting enclave is trusted");
        }
        foreach (var (member, advice) in new[]
        {
            ("must_be_sgx_local", "programs may run on any machine; the quote's TCB is always judged"),
            ("one_time_password_shared_secret", "there are no one-time passwords; see one-time start tokens in docs/spec/session.md"),
            ("url", "there is no attestation by Microsoft"), ("certificates", "there is no attestation by Microsoft"),
            ("min_rsa_signing_key_size", "there is no attestation by Microsoft"),
        })
        {
            if (attestation.Find(member) is { } entry)
            {
                notes.Add(entry, SconeChange.Open, $"{advice}; then remove this line");
            }
        }
    }

    private void TranslateMode(DraftMap attestation)
    {
        if (attestation.Find("mode") is not { Value: DraftText { Value: var mode } text } entry)
        {
            return;
        }
        if (mode == "none")
        {
            entry.Value = text with { Value = "simulated" };
            notes.Add(
                entry, SconeChange.Unsafe, "mode: none gave the secrets to everybody. Now enclaves on the simulated platform get them, "
                + "which PROTECTS NOTHING and is for tests; write hardware for real secrets");
        }
        else if (mode == "maa")
        {
            notes.Add(entry, SconeChange.Open, "there is no attestation by Microsoft; write hardware: machines on Azure have DCAP quotes");
        }
    }

    private void TranslateTolerated(DraftMap attestation)
    {
        if (attestation.Find("tolerate") is not { Value: DraftList list } entry)
        {
            return;
        }
        foreach (var item in list.Items.ToList())
        {
            if (item.Value is not DraftText { Value: var word })
            {
                continue;
            }
            if (Untolerated.TryGetValue(word, out var reason))
            {
                list.Items.Remove(item);
                notes.Add(entry, SconeChange.Stricter, $"{word} cannot be tolerated: {reason}");
            }
            else if (word == "debug")
            {
                item.Value = new DraftText(item.Value.Line, "debug-mode");
                notes.Add(entry, SconeChange.Same, "debug is debug-mode");
            }
        }
    }

    private void TranslateAdvisories(DraftEntry entry)
    {
        var texts = entry.Value is DraftList list
            ? list.Items.Select(item => (item.Value as DraftText)?.Value ?? "").ToList()
            : [(entry.Value as DraftText)?.Value ?? ""];
        if (texts.Contains("*"))
        {
            notes.Remove(entry, SconeChange.Stricter, "ignore_advisories: \"*\" would accept platforms that everybody can break. Name the "
                + "advisories that the program withstands: ignore_advisories: [INTEL-SA-00615]");
        }
        else if (entry.Value is DraftText text)
        {
            entry.Value = new DraftList(text.Line, true, [new DraftEntry { Value = text }]);
            notes.Add(entry, SconeChange.Same, "one advisory is a list");
        }
    }
}
