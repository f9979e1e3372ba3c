using System.Collections;
using Guardian.Files.Native;
using Guardian.Oci.Base;
using Guardian.Oci.Calls;
using Guardian.Oci.Containers;
using Guardian.Oci.Node;
using Guardian.Refusals;

// An OCI runtime in front of runc: it makes an attested program of each container whose process is a WebAssembly module, and becomes runc.
InheritedStreams.FillMissing();
var call = RuncCall.Parse(args);
try
{
    var node = NodeSettings.Read(AppContext.BaseDirectory);
    switch (call.Command)
    {
        case "create" or "run":
            new Bundle(call.Bundle).Prepare(node, SgxHost.Default);
            break;
        case "exec" when RunningContainer.IsProgram(node.Runc, call):
            throw new RefusedException(OciReasons.NoExec.Because("there is nothing to execute in an enclave"));
    }
    throw ProcessImage.Replace(
        node.Runc, [node.Runc, .. args],
        Environment.GetEnvironmentVariables().Cast<DictionaryEntry>().Select(variable => $"{variable.Key}={variable.Value}"));
}
catch (RefusedException failure)
{
    return Fail(failure.Refusal);
}
catch (Exception failure) when (Bundle.IsUnusable(failure))
{
    return Fail(OciReasons.BadBundle.Because(failure.Message));
}

int Fail(Refusal refusal)
{
    var text = refusal.Remedy is { } remedy ? $"{refusal.Detail}; {remedy}" : refusal.Detail;
    Console.Error.WriteLine($"guardian-oci: error: {text}");
    call.Log($"guardian: {text}", TimeProvider.System.GetUtcNow());
    return 1;
}
