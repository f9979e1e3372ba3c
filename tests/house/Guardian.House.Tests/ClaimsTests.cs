using System.Text.RegularExpressions;

namespace Guardian.House.Tests;

/// <summary>Every sentence of README and docs that says what nobody can do has a test that tries to do it.</summary>
public partial class ClaimsTests
{
    // The limits and the decisions say what is not protected, and why.
    private static readonly string[] Left = [
        "docs/explanation/limits.md", "docs/decisions/", "docs/benchmarks/", "docs/reference/reasons.md"];

    /// <summary>Part of a sentence, and the tests that try to break it; none where the sentence promises nothing about security.</summary>
    private static readonly Dictionary<string, string[]> Tests = new()
    {
        ["run a program that root cannot look into"] = ["A_program_keeps_its_secret_from_the_host_and_gives_it_to_its_reader"],
        ["the status is `none` at best, because nobody said whose code it is"] = [],
        ["So nobody can become the owner after others have put secrets there"] = ["Nobody_owns_what_tenants_kept_before_the_claim"],
        ["an operator cannot exchange the CAS between two calls"] = [
        "A_caller_who_compares_only_the_code_that_answers_learns_of_another_maker"],
        ["a new version of `guardian-cas` cannot open the store by itself"] =
            ["Other_code_of_the_same_signer_is_no_replica_and_gets_no_key", "A_store_that_other_code_made_is_neither_recovered_nor_opened"],
        ["shows a value to those whom the secret's `read` names; without it, to nobody"] =
            ["A_stranger_learns_nothing_and_the_creator_sets_and_reads_nothing_that_the_session_does_not_give"],
        ["so the host cannot exchange the folders of two replicas"] = ["Each_replica_has_a_volume_of_its_own"],
        ["It need not be trusted with anything else"] = ["A_store_that_was_rolled_back_answers_nobody_and_explains_why"],
        ["Two CASs cannot witness each other"] = [],
        ["One caller cannot block the others"] = ["Each_caller_has_its_own_limit_of_concurrent_calls"],
        ["can use all capacity that nobody else needs"] = [],
        ["A flavor cannot request EPC and `hw:pmem` together"] = ["Persistent_memory_and_EPC_do_not_go_together"],
        ["If one of them cannot be read, the command prints nothing"] = [],
        ["the daemon cannot reach Keystone or Placement"] = [],
        ["when nobody holds a claim on them"] = [],
        ["The keeper of the folder cannot read names or contents, and cannot change anything"] =
            ["The_host_finds_no_name_and_no_content_in_what_is_stored", "Every_flipped_byte_of_what_is_stored_is_detected"],
        ["whose files everybody can read and nobody can change without detection"] =
            ["Regions_are_readable_or_unprotected_as_they_say_and_names_never_are"],
        ["the users who may connect besides root | nobody"] = ["Another_user_is_refused"],
        ["EPC cannot leave its processor"] = ["A_running_guest_maps_its_EPC_and_is_neither_saved_nor_migrated"],
        ["refused if the guest's definition has EPC or TDX, or cannot be read"] = [],
        ["and you know what they cannot do"] = [],
        ["the host cannot debug it"] = ["Values_of_the_guests_owner_stay_and_a_debug_policy_does_not"],
        ["A server cannot ask for TDX by names"] = ["An_owner_cannot_ask_for_TDX_by_names_or_properties_of_the_image"],
        ["a flavor cannot request both"] = ["What_excludes_TDX_is_named"],
        ["a stalled client delays nobody else"] = ["A_client_that_does_not_read_stops_nobody_else"],
        ["because EPC cannot be oversold"] = ["Each_section_becomes_a_provider_below_the_host_and_the_first_keeps_the_reserve"],
        ["a file or volume that cannot be opened, an address in use"] = [],
        ["Symbolic links with an absolute target cannot be made"] = ["Paths_resolve_as_in_posix_and_never_leave_the_directory"],
        ["a program can read their attributes, but cannot open them"] = [],
        ["somebody who knows the key of the store cannot forge it"] = ["Who_has_the_key_cannot_become_an_owner_by_writing_rows"],
        ["nobody gets rid of a role by removing one half of a certificate"] =
            ["Evidence_with_a_role_does_not_lose_it_when_its_tagged_half_is_removed"],
        ["it cannot get the certificate's key"] = ["A_program_keeps_its_secret_from_the_host_and_gives_it_to_its_reader"],
        ["Nobody can compute it from rows"] = ["A_version_is_guessed_by_its_digest_where_digests_are_public_only"],
        ["everything that the CAS holds by then, nobody can read the version"] =
            ["A_deleted_version_is_read_from_an_old_copy_where_its_key_follows_from_the_rooms_key_only"],
        ["Nobody sees an outcome before the head at the CAS has moved to its entry"] =
            ["While_the_host_can_drop_an_answer_nobody_reads_it", "An_answer_that_a_full_disk_kept_out_of_the_log_is_none"],
        ["so nobody can exchange a group of a version for another one"] =
            ["A_chunk_of_another_version_is_refused", "A_chunk_opens_nowhere_else"],
        ["a refusal at the edge identifies nobody"] = ["A_refusal_does_not_tell_whether_the_person_left_out_counts"],
        ["so it cannot ask the CAS for anything with that evidence"] =
            ["A_program_that_calls_the_CAS_gets_no_other_sessions_secrets",
                "A_key_of_another_service_or_purpose_gets_no_configuration_and_no_tag"],
        ["`hash` is null if nobody has claimed the CAS"] = [],
        ["because the protocol cannot express it"] = [],
        ["It cannot notice a run of which no frame exists"] = [],
        ["Nobody trusts `guardian-oci`"] =
            ["A_host_that_moves_bytes_between_files_gets_another_digest",
                "A_host_that_starts_another_module_of_the_image_gets_another_digest"],
        ["so probes of Kubernetes cannot execute commands"] = [],
        ["so it cannot be replayed to another"] = ["Frames_of_another_key_run_or_stream_do_not_pass"],
        ["cannot change, exchange or roll back anything without detection"] =
            ["Every_two_slots_exchanged_are_detected", "Every_slot_of_an_older_state_is_detected",
                "Strict_refuses_every_state_but_the_newest"],
        ["nobody can change the session, not even its creator"] =
            ["A_room_whose_key_could_leave_the_enclave_does_not_start"],
        ["Enclave memory cannot be copied in this way"] = [],
        ["that the room's key cannot leave the enclave"] =
            ["A_room_whose_key_could_leave_the_enclave_does_not_start"],
        ["It cannot make system calls"] = ["A_module_with_an_unknown_import_does_not_start"],
    };

    [Fact]
    public void Every_sentence_that_says_what_nobody_can_do_has_an_entry() =>
        Assert.All(Sentences(), sentence => Assert.Contains(Tests.Keys, part => sentence.Contains(part, StringComparison.Ordinal)));

    [Fact]
    public void Every_entry_has_its_sentence()
    {
        var sentences = Sentences();
        Assert.All(Tests.Keys, part => Assert.Contains(sentences, sentence => sentence.Contains(part, StringComparison.Ordinal)));
    }

    [Fact]
    public void Every_named_test_exists()
    {
        var methods = Directory.EnumerateFiles(Path.Combine(Repository.Root, "tests"), "*Tests*.cs", SearchOption.AllDirectories)
            .SelectMany(File.ReadLines).Select(line => Method().Match(line)).Where(match => match.Success)
            .Select(match => match.Groups["name"].Value).ToHashSet();
        Assert.All(Tests.Values.SelectMany(names => names), name => Assert.Contains(name, methods));
    }

    private static List<string> Sentences()
    {
        var pages = Directory.EnumerateFiles(Path.Combine(Repository.Root, "docs"), "*.md", SearchOption.AllDirectories)
            .Concat(new[] { "README.md", "SECURITY.md" }.Select(page => Path.Combine(Repository.Root, page)));
        return
        [
            .. pages.Where(page => !Left.Any(left => page.Contains(left, StringComparison.Ordinal)))
                .SelectMany(page => File.ReadLines(page).Where(line => Promise().IsMatch(line))
                    .Select(line => $"{Path.GetRelativePath(Repository.Root, page)}: {line.Trim()}")),
        ];
    }

    [GeneratedRegex(@"\b(nobody|no one|cannot|need not be trusted)\b", RegexOptions.IgnoreCase)]
    private static partial Regex Promise();

    [GeneratedRegex(@"public (?:async Task|void) (?<name>\w+)\(")]
    private static partial Regex Method();
}
