"""An S3 server that we did not write: moto's, told to hold every request against the keys and policies
of its users. It refuses a signature that is not right, which the tests prove before they rely on it."""

import json
import os
import pathlib

import botocore.config
import botocore.session

from harness import Process, program

BUCKET, REGION, USER = "evidence", "eu-central-1", "leakwatchd"
POLICY = {"Version": "2012-10-17",
          "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
SETUP_REQUESTS = 4  # those that __init__ makes before there is a user who could sign them


def moto_server():
    return os.environ.get("LW_MOTO_SERVER") or program("moto_server")


class Moto(Process):
    """.url, and .key_id and .secret of a user who may do everything with BUCKET."""

    def __init__(self, log_path):
        super().__init__([moto_server(), "-H", "127.0.0.1", "-p", "0"], pathlib.Path(log_path),
                         env={"INITIAL_NO_AUTH_ACTION_COUNT": str(SETUP_REQUESTS)})
        self.url = self.wait_for_log(r"Running on (http://127\.0\.0\.1:\d+)", 60)[1]
        self.key_id, self.secret = "nobody", "nothing"
        self.client("s3").create_bucket(
            Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
        iam = self.client("iam")
        iam.create_user(UserName=USER)
        key = iam.create_access_key(UserName=USER)["AccessKey"]
        iam.put_user_policy(UserName=USER, PolicyName="all", PolicyDocument=json.dumps(POLICY))
        self.key_id, self.secret = key["AccessKeyId"], key["SecretAccessKey"]

    def client(self, service, secret=None):
        config = botocore.config.Config(s3={"addressing_style": "path"}, retries={"max_attempts": 0})
        return botocore.session.get_session().create_client(
            service, endpoint_url=self.url, region_name=REGION, config=config,
            aws_access_key_id=self.key_id, aws_secret_access_key=secret or self.secret)

    def objects(self):
        """What lies in the bucket, by key."""
        client = self.client("s3")
        listed = client.list_objects_v2(Bucket=BUCKET).get("Contents", [])
        return {o["Key"]: client.get_object(Bucket=BUCKET, Key=o["Key"])["Body"].read()
                for o in listed}
