using Automation.Server.Hosting;
using Automation.Server.Secrets;
using Automation.Server.Steps;

namespace Automation.Server.Callbacks;

/// <summary>Makes callback URLs.</summary>
internal sealed class CallbackUrls(ServerKeys keys, ServerUrl server)
{
    /// <exception cref="StepException"><c>callbacks_locked</c>: this server cannot open the keys that sign.</exception>
    public string Of(CallbackAddress address)
    {
        try
        {
            return $"{server.Value}{CallbacksFeature.Prefix}/{new CallbackTokens(keys.Of(ServerKeys.Callbacks)).Of(address)}";
        }
        catch (ServerKeyException error)
        {
            throw new StepException("callbacks_locked", error.Message);
        }
    }
}
