namespace Guardian.Cli.Commands.Programs;

/// <summary>The help text of <c>guardian run</c>, which reads its command line by hand.</summary>
internal static class RunHelp
{
    public const string Text = """
        Description:
          Run a WebAssembly program (WASI preview 1). Everything after the program is passed to it; its exit status is this command's.
          The program is a file, an OCI image layout (guardian image pack), or a folder of guardian program compile.

        Usage:
          guardian run --session SESSION/SERVICE --cas ADDRESS [options] PROGRAM [arguments]...
          guardian run --oci LAYOUTDIR [options] [arguments]...
          guardian run --native PACKDIR [options] [arguments]...
          guardian run --insecure-no-attestation [options] PROGRAM [arguments]...

        Attested: the enclave gets everything from the CAS, or nothing runs.
          --session SESSION/SERVICE       The session and service; with --oci, the image may name them.
          --cas ADDRESS                   The CAS, host:port, or a name of guardian cas trust; with --oci, the image may name it.
                                          Default: GUARDIAN_CAS, else the name 'default'.
          --oci LAYOUTDIR                 The program and its files are an OCI image layout, which may name session and CAS.
          --native PACKDIR                A native program (guardian native pack), by gramine-sgx, or by gramine-direct where there is no
                                          SGX: the platform is then simulated. With it: --cas, --cas-wait, --replica, --start-token.
          --tree DIR                      The program is an absolute path in this folder, whose files it finds under /.
          --volumes DIR                   Folder of the session's volumes, which are encrypted.
          --modules DIR                   Folder of compiled modules, which speed up the next start. Only this runtime trusts them.
          --cas-wait SECONDS              How long to wait for a CAS that does not answer; 60 by default.
          --cas-mrenclave HEX             Accepted MRENCLAVE of the CAS; repeatable. The default is the guardian-cas installed here,
                                          or the code of the name.
          --platform hardware|simulated   Accepted platform of the CAS. Default: that of the name, GUARDIAN_PLATFORM, else hardware.
          --machine DIR                   Folder of the simulated machine's identity; unused on SGX hardware.
          --listen-on ADDRESS             Address on which the session's ports listen; 0.0.0.0 by default, :: for IPv6 too.
          --replica NUMBER                Which replica this is, from 0, if the service has replicas.
          --start-token FILE              The token for this start, if the service demands one (guardian session token).

          Each is also a variable: GUARDIAN_VOLUMES for --volumes, GUARDIAN_CAS_WAIT for --cas-wait. GUARDIAN_STATE is the folder
          of everything that no option places.

        Development:
          --insecure-no-attestation       Run without attestation and without secrets from a CAS, for development.
                                          Nothing protects the program from this machine.
          --dir HOSTDIR[::GUESTDIR]       Give the program a plain directory of this machine, under its own name or another; repeatable.
          --volume VOLUMEDIR::GUESTDIR    Give it an encrypted volume; repeatable.
          --volume-key FILE               The key of the volume before it.
          --env NAME=VALUE                Set a variable; repeatable. The program sees no other variable of this machine.
          --listen HOST:PORT              Give it a listening socket; port 0 takes a free one; repeatable.
          --max-memory MIB                Memory that it can grow to; 4096 by default.
          --max-instructions COUNT        About how many instructions it may execute.
          --json                          Report errors of this command as one line of JSON on standard error.
                                          The program's output stays as it is.
          -h, --help                      Show this help.

        Exit status:
          the program's own; 125 when it could not be run, 126 when the file is no program, 134 when it trapped,
          137 when it used up its limits, 130 and 143 when SIGINT or SIGTERM ended it
        """;
}
