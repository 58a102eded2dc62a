ä
ùu
.
Identity

input"T
output"T"	
Ttype
C
Placeholder
output"dtype"
dtypetype"
shapeshape:"serve*1.7.02v1.7.0-3-g024aecf4148´
A
PlaceholderPlaceholder*
_output_shapes
:*
dtype0
D
IdentityIdentityPlaceholder*
T0*
_output_shapes
:
C
Placeholder_1Placeholder*
_output_shapes
:*
dtype0
H

Identity_1IdentityPlaceholder_1*
T0*
_output_shapes
:
C
Placeholder_2Placeholder*
_output_shapes
:*
dtype0
H

Identity_2IdentityPlaceholder_2*
T0*
_output_shapes
:"*j
identity_bfloat16U

x
Placeholder_2:0
y
Identity_2:0tensorflow/serving/predict*d
identity_uint32Q

x
Placeholder:0
y

Identity:0tensorflow/serving/predict*h
identity_uint64U

x
Placeholder_1:0
y
Identity_1:0tensorflow/serving/predict