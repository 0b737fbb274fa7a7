namespace Automation.Mqtt.Access;

/// <summary>Checks passwords a few at a time, since each costs a processor on purpose, and remembers which were right.</summary>
internal sealed class PasswordChecks(int maxRemembered, int maxParallel, int maxWaiting) : IDisposable
{
    private readonly RememberedPasswords _remembered = new(maxRemembered);
    private readonly SemaphoreSlim _turn = new(maxParallel);
    private int _waiting;
    private long _count;

    /// <summary>Passwords that were checked the costly way so far.</summary>
    public long Count => Volatile.Read(ref _count);

    /// <param name="userName">The user name.</param>
    /// <param name="password">The password.</param>
    /// <param name="hash">The user's hash; null for one that is not known, who costs as much.</param>
    /// <param name="decoy">What is checked for those.</param>
    /// <returns>Success, bad user name or password, or server busy when too many wait.</returns>
    public async ValueTask<MqttReasonCode> CheckAsync(string userName, ReadOnlyMemory<byte> password, PasswordHash? hash, PasswordHash decoy)
    {
        if (hash is not null && _remembered.Knows(userName, password.Span, hash))
            return MqttReasonCode.Success;

        if (Interlocked.Increment(ref _waiting) > maxWaiting + maxParallel)
        {
            Interlocked.Decrement(ref _waiting);
            return MqttReasonCode.ServerBusy;
        }

        await _turn.WaitAsync();
        try
        {
            if (!await Task.Run(() => (hash ?? decoy).Verify(password.Span)) || hash is null)
                return MqttReasonCode.BadUserNameOrPassword;
            _remembered.Add(userName, password.Span, hash);
            return MqttReasonCode.Success;
        }
        finally
        {
            Interlocked.Increment(ref _count);
            _turn.Release();
            Interlocked.Decrement(ref _waiting);
        }
    }

    public void Dispose() => _turn.Dispose();
}
